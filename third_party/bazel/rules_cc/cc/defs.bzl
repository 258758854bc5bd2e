"""Stands in for @rules_cc: the rules built into Bazel 4, under its names.

Tests, and under a sanitizer all that is ours, start from precompiled headers:
//tools/prelude.
"""

cc_import = native.cc_import
cc_proto_library = native.cc_proto_library
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
cc_binary = native.cc_binary

_PRELUDE = "//tools/prelude:prelude"
_TEST_PRELUDE = "//tools/prelude:test_prelude"
_FOR_ALL = "//tools/prelude:for_all"
_FOR_TESTS = "//tools/prelude:for_tests"

# Whoever depends on one of these includes much of the prelude anyway.
_HEAVY = [
    "//sysbox/base:status",
    "//third_party/absl",
    "//third_party/fmt",
]

def _with_prelude(arguments, prelude, settings):
    directory, _, name = prelude[2:].partition(":")
    include = ["-include", "$(BINDIR)/%s/%s.h" % (directory, name)]
    arguments = dict(arguments)
    for attribute, values in [("deps", [prelude]), ("copts", include)]:
        choices = {setting: values for setting in settings}
        choices["//conditions:default"] = []
        arguments[attribute] = arguments.get(attribute, []) + select(choices)
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
        arguments = _with_prelude(arguments, _PRELUDE, [_FOR_ALL])
    native.cc_library(**arguments)

def cc_test(**arguments):
    if "//third_party/catch2:main" in arguments.get("deps", []):
        arguments = _with_prelude(arguments, _TEST_PRELUDE, [_FOR_ALL, _FOR_TESTS])
    native.cc_test(**arguments)
