"""Stands in for @rules_cc: the rules built into Bazel 4, under its names.

Under a sanitizer, what is ours starts from precompiled headers:
//tools/prelude.
"""

cc_import = native.cc_import
cc_proto_library = native.cc_proto_library
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
cc_binary = native.cc_binary

_PRELUDE = "//tools/prelude:prelude"
_TEST_PRELUDE = "//tools/prelude:test_prelude"

# Whoever depends on one of these includes much of the prelude anyway.
_HEAVY = [
    "//sysbox/base:status",
    "//third_party/absl",
    "//third_party/fmt",
]

def _with_prelude(arguments, prelude):
    directory, _, name = prelude[2:].partition(":")
    arguments = dict(arguments)
    arguments["deps"] = arguments.get("deps", []) + select({
        "//tools/prelude:sanitizer": [prelude],
        "//conditions:default": [],
    })
    arguments["copts"] = arguments.get("copts", []) + select({
        "//tools/prelude:sanitizer": [
            "-include",
            "$(BINDIR)/%s/%s.h" % (directory, name),
        ],
        "//conditions:default": [],
    })
    return arguments

def _is_heavy(arguments):
    deps = arguments.get("deps", [])
    return type(deps) != "list" or [dep for dep in deps if dep in _HEAVY]

def cc_library(**arguments):
    package = native.package_name()

    # .bazelrc lets these two throw.
    throws = package == "sysbox/testing" or "cli11" in arguments["name"]
    ours = package.startswith("sysbox/") or package.startswith("integration/")
    if ours and not throws and arguments.get("srcs") and _is_heavy(arguments):
        arguments = _with_prelude(arguments, _PRELUDE)
    native.cc_library(**arguments)

def cc_test(**arguments):
    if "//third_party/catch2:main" in arguments.get("deps", []):
        arguments = _with_prelude(arguments, _TEST_PRELUDE)
    native.cc_test(**arguments)
