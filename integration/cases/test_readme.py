"""README.md says of each file here what its docstring says."""

import ast
import pathlib

HERE = pathlib.Path(__file__).parent

HEAD = """# Cases

What each file proves: its docstring. Renewed by
`python3 integration/cases/test_readme.py >integration/cases/README.md`.

| file | what |
|---|---|
"""


def purpose(path):
    """The first paragraph of a file's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return " ".join(text.split("\n\n")[0].split())


def readme():
    return HEAD + "".join(f"| `{path.name}` | {purpose(path)} |\n"
                          for path in sorted(HERE.glob("test_*.py")))


def test_every_file_says_what_it_proves():
    assert [path.name for path in HERE.glob("test_*.py")
            if not purpose(path).endswith((".", "!", "?"))] == []


def test_the_list_is_complete():
    assert (HERE / "README.md").read_text() == readme()


if __name__ == "__main__":
    print(readme(), end="")
