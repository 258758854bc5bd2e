"""Precompiled headers, which Bazel 4 has no rule for."""

def _precompiled_header_impl(ctx):
    toolchain = ctx.attr._toolchain[cc_common.CcToolchainInfo]
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )

    # It must be made with the flags of the compilations that read it back.
    flags = cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = "c++-compile",
        variables = cc_common.create_compile_variables(
            feature_configuration = features,
            cc_toolchain = toolchain,
            user_compile_flags = ctx.fragments.cpp.copts +
                                 ctx.fragments.cpp.cxxopts + ctx.attr.copts,
            preprocessor_defines = depset(ctx.attr.defines),
        ),
    )
    compiled = ctx.actions.declare_file(ctx.label.name + ".h.gch")

    # clang: from a pipe, as the paths of the text would be those of this
    # action's sandbox, which the compilations that read it back cannot open;
    # and without the time at which it was made. gcc takes files alone, and
    # never opens them again.
    if toolchain.compiler == "clang":
        command = '"$@" -Xclang -fno-pch-timestamp -x c++-header -c - -o "$out"'
    else:
        command = 'cat >"$out.h" && "$@" -x c++-header -c "$out.h" -o "$out" && rm "$out.h"'
    ctx.actions.run_shell(
        command = "out=$1 && shift && cat %s | { %s; }" %
                  (" ".join([file.path for file in ctx.files.srcs]), command),
        arguments = [compiled.path, toolchain.compiler_executable] + flags,
        inputs = depset(ctx.files.srcs, transitive = [toolchain.all_files]),
        outputs = [compiled],
        mnemonic = "CppPrecompile",
        progress_message = "Precompiling //%s:%s" %
                           (ctx.label.package, ctx.label.name),
    )
    return [
        DefaultInfo(files = depset([compiled])),
        CcInfo(compilation_context = cc_common.create_compilation_context(
            headers = depset([compiled]),
        )),
    ]

precompiled_header = rule(
    implementation = _precompiled_header_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".h"], mandatory = True),
        "copts": attr.string_list(),
        "defines": attr.string_list(),
        "_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
