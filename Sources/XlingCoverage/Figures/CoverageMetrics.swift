import Foundation

/// All metrics, in the order in which they are told.
extension CoverageMetric {
  public static let all: [CoverageMetric] =
    lengths + words + prices + unknowns + distributions + losses

  /// One that is a ratio of sums over lines.
  private static func ratio(
    _ name: String, _ title: String, _ formula: String, _ explanation: String, _ citation: String,
    _ unit: Unit, _ better: Better, _ above: Column, _ below: Column
  ) -> CoverageMetric {
    linear(
      name, title, formula, explanation, citation, unit, better,
      Ratio(above: [(above, 1)], below: [(below, 1)]))
  }

  private static func linear(
    _ name: String, _ title: String, _ formula: String, _ explanation: String, _ citation: String,
    _ unit: Unit, _ better: Better, _ ratio: Ratio
  ) -> CoverageMetric {
    CoverageMetric(
      name: name, title: title, formula: formula, explanation: explanation, citation: citation,
      unit: unit, better: better,
      value: { counts, english in
        guard !ratio.english || english != nil else { return nil }
        let below = Self.linear(
          ratio.below, ratio.english ? english?.sums ?? Sums() : counts.sums)
        return below > 0 ? ratio.scale * Self.linear(ratio.above, counts.sums) / below : nil
      }, ratio: ratio)
  }

  private static func whole(
    _ name: String, _ title: String, _ formula: String, _ explanation: String, _ citation: String,
    _ unit: Unit, _ better: Better,
    _ value: @escaping @Sendable (CoverageCounts, English?) -> Double?
  ) -> CoverageMetric {
    CoverageMetric(
      name: name, title: title, formula: formula, explanation: explanation, citation: citation,
      unit: unit, better: better, value: value, ratio: nil)
  }

  private static let acs =
    "Ács 2019, Exploring BERT's vocabulary; Rust et al. 2021, arXiv:2012.15613"
  private static let nayeem = "Nayeem et al. 2025, arXiv:2510.09947"
  private static let petrov = "Petrov et al. 2023, arXiv:2305.15425"
  private static let limisiewicz = "Limisiewicz et al. 2023, arXiv:2305.17179"
  private static let zouhar = "Zouhar et al. 2023, arXiv:2306.16842; Rényi 1961"
  private static let here = "counted here"

  private static let lengths: [CoverageMetric] = [
    ratio(
      "tokens_per_line", "tokens a line", "Σ tokens / lines",
      "Without the tokens that frame a text; blank lines aside.", here, .ratio, .low, .tokens,
      .lines),
    ratio(
      "bytes_per_token", "bytes a token", "Σ UTF-8 bytes / Σ tokens",
      "Of the source. Scripts of three bytes a letter look better than they are.", here, .ratio,
      .high, .bytes, .tokens),
    ratio(
      "chars_per_token", "characters a token", "Σ Unicode scalars / Σ tokens", "Of the source.",
      here, .ratio, .high, .characters, .tokens),
  ]

  private static let words: [CoverageMetric] = [
    ratio(
      "fertility_ws", "fertility of running text", "Σ tokens / Σ words, pooled over lines",
      "Whole lines are tokenized; words stand between white space. Languages written without spaces have "
        + "hardly any: look at fertility_icu_isolated.", acs, .ratio, .low, .tokens, .words),
    ratio(
      "fertility_ws_isolated", "fertility word by word", "Σ tokens of each word alone / Σ words",
      "Every word between white space is tokenized alone.", acs + " (TokLens computes it so)",
      .ratio, .low, .wordTokens, .words),
    ratio(
      "fertility_icu_isolated", "fertility of ICU's words",
      "Σ tokens of each ICU word alone / Σ ICU words",
      "Words are segments of ICU's word break iterator with rule status 100 and above, in the language's "
        + "locale: punctuation is none, Chinese and Thai words come from dictionaries.", acs,
      .ratio,
      .low, .icuWordTokens, .icuWords),
    ratio(
      "continued_words_ws", "continued words", "share of words with ≥ 2 tokens",
      "Of occurrences, each word alone.", "Rust et al. 2021, arXiv:2012.15613", .share, .low,
      .continuedWords, .words),
    ratio(
      "continued_words_icu", "continued words, ICU's", "share of ICU words with ≥ 2 tokens",
      "As continued_words_ws.", "Rust et al. 2021, arXiv:2012.15613", .share, .low,
      .icuContinuedWords, .icuWords),
    whole(
      "strr_types_ws", "single token retention rate",
      "100 × word types of one token / word types",
      "As the paper has it: a word that becomes one unknown token counts as kept.", nayeem,
      .percent, .high
    ) { counts, _ in share(counts.words.kept, counts.words) },
    whole(
      "strr_types_ws_known", "single token retention rate, known words",
      "100 × word types of one known token / word types",
      "A word that became unknown is not kept.", nayeem, .percent, .high
    ) { counts, _ in share(counts.words.keptKnown, counts.words) },
    whole(
      "strr_types_icu", "single token retention rate, ICU's words",
      "100 × ICU word types of one token / ICU word types", "As strr_types_ws.", nayeem, .percent,
      .high
    ) { counts, _ in counts.icuWords.flatMap { share($0.kept, $0) } },
    whole(
      "strr_types_icu_known", "single token retention rate, ICU's known words",
      "100 × ICU word types of one known token / ICU word types", "As strr_types_ws_known.",
      nayeem, .percent, .high
    ) { counts, _ in counts.icuWords.flatMap { share($0.keptKnown, $0) } },
  ]

  private static func share(_ kept: Int, _ types: WordTypes) -> Double? {
    types.counted > 0 ? 100 * Double(kept) / Double(types.counted) : nil
  }

  private static let adjusted: [(column: Column, factor: Double)] = [
    (.tokens, 1), (.unknownTokens, -1), (.unknownBytes, 1),
  ]

  private static let prices: [CoverageMetric] = [
    linear(
      "premium", "premium against English", "Σ tokens / Σ tokens of parallel English",
      "Only on lines that are translations of English ones. Unknown tokens make it cheap: see "
        + "premium_unk_adjusted.", petrov, .ratio, .low,
      Ratio(above: [(.tokens, 1)], below: [(.tokens, 1)], english: true)),
    linear(
      "premium_unk_adjusted", "premium, unknown tokens at their bytes",
      "Σ (tokens − unknown + their source bytes) / the same of parallel English",
      "What a premium would be if each unknown token were spelt by bytes.",
      petrov + "; the adjustment is ours", .ratio, .low,
      Ratio(above: adjusted, below: adjusted, english: true)),
    linear(
      "unk_adjusted_tokens_per_line", "tokens a line, unknown ones at their bytes",
      "Σ (tokens − unknown + their source bytes) / lines", "No text becomes cheap by being lost.",
      here, .ratio, .low, Ratio(above: adjusted, below: [(.lines, 1)])),
  ]

  private static let unknowns: [CoverageMetric] = [
    ratio(
      "unk_tokens", "unknown tokens", "unknown tokens / tokens", "", here, .share, .low,
      .unknownTokens, .tokens),
    ratio(
      "unk_words", "words with an unknown token", "words that hold one / words",
      "Words between white space, each alone.", here, .share, .low, .unknownWords, .words),
    ratio(
      "unk_words_icu", "ICU's words with an unknown token", "ICU words that hold one / ICU words",
      "", here, .share, .low, .icuUnknownWords, .icuWords),
    ratio(
      "unk_chars", "unknown characters", "characters under unknown tokens / characters",
      "Of the source; WordPiece loses whole words.", here, .share, .low, .unknownCharacters,
      .characters),
    ratio(
      "unk_bytes", "unknown bytes", "UTF-8 bytes under unknown tokens / bytes", "Of the source.",
      here, .share, .low, .unknownBytes, .bytes),
    ratio(
      "unk_lines", "lines with an unknown token", "lines that hold one / lines", "", here, .share,
      .low, .unknownLines, .lines),
    whole(
      "char_coverage", "character coverage",
      "share of scalars that alone give no unknown token",
      "White space counts as covered. Higher than 1 − unk_chars for WordPiece.", here, .share,
      .high
    ) { counts, _ in
      counts.scalars.total > 0
        ? Double(counts.scalars.covered) / Double(counts.scalars.total) : nil
    },
    ratio(
      "byte_tokens", "tokens of one byte", "byte pieces / tokens",
      "Characters that fall back to bytes; 0 for a tokenizer without byte pieces.", here, .share,
      .low, .byteTokens, .tokens),
  ]

  private static let distributions: [CoverageMetric] = [
    whole(
      "renyi_efficiency_2_5", "Rényi efficiency", "ln Σ p^α / ((1 − α) ln V), α = 2.5",
      "V is the whole vocabulary. tokenization-scorer's own defaults are α = 3 and V = pieces seen.",
      zouhar, .ratio, .high
    ) { counts, _ in
      divided(counts.tokens.renyiEntropy(2.5), by: counts.tokens.vocabulary)
    },
    whole(
      "renyi_efficiency_2_5_seen", "Rényi efficiency over pieces seen",
      "ln Σ p^α / ((1 − α) ln V), α = 2.5, V = pieces seen", "Depends on the text's size.",
      zouhar, .ratio, .high
    ) { counts, _ in divided(counts.tokens.renyiEntropy(2.5), by: counts.tokens.used) },
    whole(
      "renyi_entropy_2_5", "Rényi entropy", "ln Σ p^α / (1 − α), α = 2.5", "", zouhar, .nats,
      .neither
    ) { counts, _ in counts.tokens.renyiEntropy(2.5) },
    whole(
      "shannon_entropy", "Shannon entropy of tokens", "−Σ p ln p", "", "Shannon 1948", .nats,
      .neither
    ) { counts, _ in counts.tokens.shannonEntropy },
    whole(
      "vocabulary_used", "pieces seen", "pieces that occur in the text",
      "Depends on the text's size: compare on parallel lines.", "TokEval, metrics/basic", .count,
      .neither
    ) { counts, _ in Double(counts.tokens.used) },
    whole(
      "vocabulary_used_share", "vocabulary used", "pieces that occur / V",
      "V is the whole vocabulary, special pieces included.", "TokEval, metrics/basic", .share,
      .neither
    ) { counts, _ in Double(counts.tokens.used) / Double(max(1, counts.tokens.vocabulary)) },
    whole(
      "alp", "average log probability", "mean over lines of Σ ln p(token)",
      "p is estimated from the same text. Falls with line length: compare on parallel lines only.",
      "Zheng et al. 2021 (VoCap), arXiv:2109.07306", .nats, .high
    ) { counts, _ in counts.tokens.logLikelihood / Double(max(1, counts.lines)) },
    whole(
      "average_rank", "average rank", "Σ rank · p, ranks from 1 by falling p",
      "How much of the vocabulary a language makes use of. The paper's code ranks from 0.",
      limisiewicz, .count, .high
    ) { counts, _ in counts.tokens.averageRank },
    whole(
      "jsd_english", "Jensen-Shannon divergence from English",
      "½ KL(P‖M) + ½ KL(Q‖M) to base 2, M = (P + Q) / 2",
      "Between the tokens of the text and of English: 0 the same, 1 no token shared. scipy gives its root.",
      limisiewicz + "; Lin 1991", .bits, .neither
    ) { counts, english in english.map { counts.tokens.jensenShannon($0.tokens) } },
  ]

  private static func divided(_ entropy: Double, by pieces: Int) -> Double? {
    pieces > 1 ? entropy / log(Double(pieces)) : nil
  }

  private static let losses: [CoverageMetric] = [
    ratio(
      "truncated_25", "lines cut at 25 tokens", "lines with tokens + frame > 25 / lines",
      "The frame is what the tokenizer puts around a text, such as [CLS] and [SEP].", here, .share,
      .low, .over25, .lines),
    ratio(
      "truncated_30", "lines cut at 30 tokens", "lines with tokens + frame > 30 / lines",
      "As truncated_25.", here, .share, .low, .over30, .lines),
    ratio(
      "truncated_77", "lines cut at 77 tokens", "lines with tokens + frame > 77 / lines",
      "CLIP's length (Radford et al. 2021).", here, .share, .low, .over77, .lines),
    ratio(
      "truncated_128", "lines cut at 128 tokens", "lines with tokens + frame > 128 / lines",
      "As truncated_25.", here, .share, .low, .over128, .lines),
    ratio(
      "changed_lines", "lines that normalization changes",
      "lines that differ once white space and ▁ are taken out of both / lines",
      "Lower-casing, folding of accents, compatibility forms, removed characters.", here, .share,
      .low, .changedLines, .lines),
    ratio(
      "joiners_lost", "zero width joiners lost", "ZWJ and ZWNJ gone after normalization / all",
      "They change letters and words in Persian, Malayalam, Sinhala and others.",
      "sentencepiece issues 629, 896, 1031", .share, .low, .joinersLost, .joiners),
    linear(
      "not_decoded_back", "lines that do not come back",
      "lines with decode(encode(line)) ≠ line / lines",
      "Not for WordPiece, whose pieces hold no spaces.", here, .share, .low,
      Ratio(above: [(.undecodedLines, 1)], below: [(.decodableLines, 1)])),
  ]
}
