"""The ratios that were promised, by kind of machine: peer's time over ours, the least that is right."""

# What a row is about, and the kinds of processor whose goal it has: AMX, AVX-512 without it, AVX2.
GOALS = {
    "lwa bf16": {"amx_bf16": 3.0},
    "lwa fp32": {"amx_bf16": 1.2, "avx512f": 1.2, "avx2": 1.55},
    "full bf16": {"amx_bf16": 1.3},
    "full fp32": {"amx_bf16": 1.3, "avx512f": 1.3, "avx2": 1.2},
    "da bf16": {"amx_bf16": 1.5},
    "da fp32": {"amx_bf16": 1.5, "avx512f": 1.5, "avx2": 1.5},
    "lit cached bf16": {"amx_bf16": 3.0},
    "lit cached fp32": {"amx_bf16": 3.0, "avx512f": 3.0, "avx2": 2.5},
    "da cached bf16": {"amx_bf16": 20},
    "da cached fp32": {"amx_bf16": 20, "avx512f": 20, "avx2": 10},
    "second": {"amx_bf16": 10, "avx512f": 10, "avx2": 10},
    "images autocast": {"amx_bf16": 1.6},
    "images weights": {"amx_bf16": 1.0},
    "images fp32": {"amx_bf16": 1.15, "avx512f": 1.15, "avx2": 1.3},
    "texts autocast": {"amx_bf16": 1.5},
    "texts fp32": {"amx_bf16": 1.5, "avx512f": 1.5, "avx2": 1.3},
    "products rate": {"avx2": 0.85}, "products share": {"avx2": 0.85},
    "mBERT nanotoken ids cold": {"avx2": 1.5}, "mBERT nanotoken ids warm": {"avx2": 1.0},
    "mBERT tokenizers offsets cold": {"avx2": 12}, "mBERT tokenizers offsets warm": {"avx2": 20},
    "byte-level BPE gigatoken ids cold": {"avx2": 1.0}, "byte-level BPE gigatoken ids warm": {"avx2": 1.0},
    "XLM-R sentencepiece offsets captions": {"avx2": 4.0}, "XLM-R sentencepiece offsets varied": {"avx2": 2.5},
}
WORDS = {"amx_bf16": "AMX", "avx512f": "AVX-512", "avx2": "AVX2"}


def kind(instructions):
    """Which goals count here."""
    return next((kind for kind in WORDS if kind in instructions), None)


def goal(name, instructions):
    """Of a row; what holds for AVX2 alone holds everywhere. None where nothing was promised."""
    promised = GOALS.get(name)
    if not promised:
        return None
    here = kind(instructions)
    return promised.get(here, promised["avx2"] if set(promised) == {"avx2"} else None)


def untestable(instructions):
    """Goals that need another machine, in words."""
    here = kind(instructions)
    others = {}
    for name, promised in GOALS.items():
        for other in promised:
            if other != here and set(promised) != {"avx2"}:
                others.setdefault(other, []).append(f"{name} {promised[other]:g}x")
    return [f"with {WORDS[other]}: " + ", ".join(names) for other, names in others.items()]
