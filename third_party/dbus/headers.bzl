"""libdbus keeps its headers outside the compiler's search path."""

def _dbus_headers_impl(ctx):
    multiarch = ctx.execute(["gcc", "-print-multiarch"]).stdout.strip()
    ctx.symlink("/usr/include/dbus-1.0/dbus", "include/dbus")
    ctx.symlink(
        "/usr/lib/%s/dbus-1.0/include/dbus/dbus-arch-deps.h" % multiarch,
        "arch/dbus/dbus-arch-deps.h",
    )
    ctx.file("BUILD.bazel", """
cc_library(
    name = "dbus_headers",
    hdrs = glob(["include/dbus/*.h", "arch/dbus/*.h"]),
    includes = ["arch", "include"],
    visibility = ["//visibility:public"],
)
""")

dbus_headers = repository_rule(
    implementation = _dbus_headers_impl,
    local = True,
)
