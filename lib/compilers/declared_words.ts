/**
 * Words that change how an object is made and neither read nor write a file of their own: what the declared way takes
 * beyond the few that all ways trust.
 *
 * They are part of the key, so that is all that must be known of them. Words that make a side file beside the object, by
 * a rule that every compiler follows, are told apart; so are those that may lead a driver to other folders. What is not
 * listed is not taken: profiles, plug-ins, sanitizers (whose lists clang looks for), dumps, time reports, temporary files
 * that are kept, recorded switches.
 *
 * @module
 */
/** `-f` or `-fno-` and one of these, with or without a value that is no path. */
// deno-fmt-ignore: a table
const features = new Set((
  "PIC PIE pic pie plt semantic-interposition aggressive-loop-optimizations align-functions align-jumps align-labels " +
  "align-loops aligned-new aligned-allocation allow-store-data-races associative-math asynchronous-unwind-tables builtin caller-saves " +
  "cf-protection char8_t check-new code-hoisting color-diagnostics common concepts conserve-stack " +
  "constexpr-cache-depth constexpr-depth constexpr-loop-limit constexpr-ops-limit constexpr-steps coroutines crossjumping cx-limited-range " +
  "cx-fortran-rules data-sections dce debug-types-section declone-ctor-dtor delete-dead-exceptions delete-null-pointer-checks " +
  "delayed-template-parsing devirtualize devirtualize-speculatively diagnostics-color diagnostics-column-unit diagnostics-fixit-info " +
  "diagnostics-parseable-fixits diagnostics-plain-output diagnostics-show-caret diagnostics-show-category diagnostics-show-cwe " +
  "diagnostics-show-labels diagnostics-show-line-numbers diagnostics-show-location diagnostics-show-note-include-stack " +
  "diagnostics-show-option diagnostics-show-template-tree diagnostics-urls dollars-in-identifiers dse elide-constructors elide-type " +
  "eliminate-unused-debug-symbols eliminate-unused-debug-types emit-class-debug-always enforce-eh-specs exceptions excess-precision " +
  "expensive-optimizations ext-numeric-literals fast-math fat-lto-objects finite-loops finite-math-only float-store " +
  "force-emit-vtables fp-contract fp-int-builtin-inexact freestanding function-cse function-sections gcse gnu-keywords gnu-unique " +
  "gnu89-inline gnuc-version guess-branch-probability harden-compares harden-conditional-branches hosted ident if-conversion " +
  "if-conversion2 implicit-inline-templates implicit-templates inline inline-functions inline-functions-called-once inline-limit " +
  "inline-small-functions instrument-functions ipa-cp ipa-cp-clone ipa-icf ipa-modref ipa-pta ipa-pure-const ipa-ra ipa-reference ipa-sra " +
  "isolate-erroneous-paths-dereference ivopts jump-tables keep-inline-functions keep-static-consts lax-vector-conversions " +
  "leading-underscore lifetime-dse live-range-shrinkage loop-interchange loop-nest-optimize loop-unroll-and-jam lto lto-partition " +
  "lto-compression-level lto-odr-type-merging math-errno max-errors merge-all-constants merge-constants merge-debug-strings message-length " +
  "move-loop-invariants new-ttp-matching non-call-exceptions nonansi-builtins objc-arc omit-frame-pointer openmp openmp-simd operator-names " +
  "optimize-sibling-calls optimize-strlen pack-struct partial-inlining patchable-function-entry pcc-struct-return peel-loops " +
  "peephole2 permissive plan9-extensions predictive-commoning prefetch-loop-arrays pretty-templates printf-return-value random-seed " +
  "reciprocal-math ree register-global-dtors-with-atexit relaxed-template-template-args reg-struct-return rename-registers reorder-blocks " +
  "reorder-blocks-and-partition reorder-functions rounding-math rtti schedule-insns schedule-insns2 section-anchors short-enums " +
  "short-wchar show-column show-source-location shrink-wrap signaling-nans signed-bitfields signed-char signed-zeros " +
  "single-precision-constant sized-deallocation slp-vectorize split-loops split-paths split-stack split-wide-types spell-checking " +
  "stack-check stack-clash-protection stack-protector stack-protector-all stack-protector-explicit stack-protector-strong " +
  "standalone-debug store-merging strict-aliasing strict-enums strict-flex-arrays strict-overflow strict-return strict-volatile-bitfields " +
  "strict-vtable-pointers strong-eval-order sync-libcalls tabstop template-backtrace-limit template-depth thread-jumps threadsafe-statics " +
  "tls-model toplevel-reorder track-macro-expansion trampolines trapping-math trapv tree-ccp tree-ch tree-dce tree-dominator-opts " +
  "tree-dse tree-fre tree-loop-distribute-patterns tree-loop-distribution tree-loop-im tree-loop-vectorize tree-partial-pre tree-pre tree-pta " +
  "tree-sink tree-slp-vectorize tree-sra tree-switch-conversion tree-ter tree-vectorize tree-vrp trivial-auto-var-init " +
  "unconstrained-commons unique-section-names unroll-all-loops unroll-loops unsafe-math-optimizations unsigned-bitfields unsigned-char " +
  "unswitch-loops unwind-tables use-cxa-atexit var-tracking var-tracking-assignments variable-expansion-in-unroller vect-cost-model " +
  "vectorize verbose-asm visibility visibility-global-new-delete-hidden visibility-inlines-hidden visibility-ms-compat weak web " +
  "whole-program-vtables wrapv wrapv-pointer zero-call-used-regs zero-initialized-in-bss").split(" "));
const feature = /^-f(?:no-)?([A-Za-z][\w-]*)(?:=[\w.,+-]*)?$/;
/** Words of the machine whose value is no file. */
const machine = /^-m(?!llvm|mcu|dump)[a-z][\w-]*(?:[.+]\w+)*(?:=[\w.+,-]+)?$/;
/** The rest, by what it is about. */
// deno-fmt-ignore: a table
const others: readonly RegExp[] = [
  // debug information
  /^-g(?:no-)?(?:column-info|strict-dwarf|pubnames|gnu-pubnames|statement-frontiers|inline-points|as-loc-support)$/,
  /^-g(?:no-)?(?:variable-location-views|simple-template-names|inline-line-tables|line-tables-only|mlt|z(?:=\w+)?)$/,
  /^-gdwarf(?:32|64)$/,
  /^-f(?:no-)?split-dwarf-inlining$/,
  // names that are mapped to others
  /^-f(?:file|debug|macro|coverage|profile)-prefix-map=[^=]*=/,
  // what is counted when the program runs
  /^-(?:fprofile-arcs|fprofile-abs-path|fprofile-update=[\w-]+|pg?)$/,
  // the assembler's
  /^-Wa,(?:--noexecstack|--execstack|--gdwarf-[2-5]|-mrelax-relocations=\w+|--compress-debug-sections=\w+)$/,
  // a linker's, and folders and libraries for it
  /^-(?:Wl,(?!@)[\w.,=+-]+|L[\w./+-]+|l[\w.+-]+|(?:no-)?pie|static|static-pie|static-libgcc|static-libstdc\+\+|shared|rdynamic|s)$/,
  /^-(?:nostdlib|nodefaultlibs)$/,
  // where headers are looked for, and what is defined
  /^-(?:-sysroot=\/\S+|stdlib=[\w+]+|nostdlibinc|undef|trigraphs)$/,
  // how a driver speaks and how hard it tries
  /^-(?:no-pedantic|Qunused-arguments|pass-exit-codes|O|Oz)$/,
];

/** Words that may lead a driver to other folders: it is asked with them. */
export const leading = /^-(?:m|-sysroot=|stdlib=)/;

/** What stands beside the object, under its name with another suffix, where a word asks for it. */
const sideFiles: readonly (readonly [RegExp, string])[] = [
  [/^-gsplit-dwarf(?:=split)?$/, ".dwo"],
  [/^(?:--coverage|-coverage|-ftest-coverage)$/, ".gcno"],
  [/^-fstack-usage$/, ".su"],
  [/^-fcallgraph-info(?:=(?:su|da|su,da|da,su))?$/, ".ci"],
];

/** The suffix of the side file that a word asks for. */
export function sideSuffix(word: string): string | undefined {
  return sideFiles.find(([pattern]) => pattern.test(word))?.[1];
}

/** Whether a word, which has no value in the next one, does no more than to change the object. */
export function isOrdinary(word: string): boolean {
  const name = feature.exec(word)?.[1];
  if (name !== undefined && features.has(name)) return true;
  return machine.test(word) || others.some((pattern) => pattern.test(word));
}
