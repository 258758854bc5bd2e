"""Which archives Debian's libabsl-dev has, which differs by version."""

def _absl_libraries_impl(ctx):
    multiarch = ctx.execute(["gcc", "-print-multiarch"]).stdout.strip()
    directory = ctx.path("/usr/lib/%s" % multiarch)
    names = sorted([
        file.basename[len("lib"):-len(".a")]
        for file in directory.readdir()
        if file.basename.startswith("libabsl_") and file.basename.endswith(".a")
    ])
    if not names:
        fail("no libabsl_*.a in %s: install libabsl-dev" % directory)
    ctx.file("BUILD.bazel", "")
    ctx.file("libraries.bzl", "ABSL_LIBRARIES = %r\n" % (names,))

absl_libraries = repository_rule(
    implementation = _absl_libraries_impl,
    local = True,
)
