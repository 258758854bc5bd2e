"""glibc's static archive, as a file that Bazel sees change."""

def _libc_archive_impl(ctx):
    found = ctx.execute(["gcc", "-print-file-name=libc.a"]).stdout.strip()
    ctx.symlink(found, "libc.a")
    ctx.file("BUILD.bazel", """exports_files(["libc.a"])""")

libc_archive = repository_rule(
    implementation = _libc_archive_impl,
    local = True,
)
