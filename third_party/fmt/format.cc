// Debian ships fmt without a static archive. Compiling its non-template half
// once, here, instead of in every file that formats (FMT_HEADER_ONLY), makes a
// typical compilation three times as fast.
#include "fmt/format-inl.h"

// Since fmt 10 it is a type, before that a macro.
#ifndef FMT_BUFFER_CONTEXT
#define FMT_BUFFER_CONTEXT(Char) buffer_context<Char>
#endif

FMT_BEGIN_NAMESPACE
namespace detail {
template FMT_API auto dragonbox::to_decimal(float x) noexcept
    -> dragonbox::decimal_fp<float>;
template FMT_API auto dragonbox::to_decimal(double x) noexcept
    -> dragonbox::decimal_fp<double>;
template FMT_API auto thousands_sep_impl(locale_ref)
    -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl(locale_ref) -> char;
template FMT_API void buffer<char>::append(const char*, const char*);
template FMT_API void vformat_to(buffer<char>&, string_view,
                                 basic_format_args<FMT_BUFFER_CONTEXT(char)>,
                                 locale_ref);
}  // namespace detail
FMT_END_NAMESPACE
