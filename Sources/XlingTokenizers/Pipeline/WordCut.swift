/// How the words of a raw text are told apart without normalizing all of it, where each comes to the
/// same tokens alone as in its text: then the tokens of words are kept.
enum WordCut: Sendable {
  /// By an expression. `cautions` are what has to be looked at first, by scalar: 0 nothing, 1 to 254
  /// a combining class, which must not fall behind a higher one, 255 what normalization may change
  /// into something that is cut otherwise.
  case pattern(WordPattern, cautions: CautionTable?, changesCase: Bool)
  /// Ahead of every run of spaces. `bansWhiteSpace`: of white space within a word more would come.
  case spaces(bansWhiteSpace: Bool)

  /// Nil where texts have to be taken whole.
  init?(
    _ normalizer: [NormalizationStep], _ cuts: [CuttingStep], _ model: Pipeline.Model,
    hasNormalizedTokens: Bool
  ) {
    switch model {
    case .wordPiece, .sentencePiece: return nil
    case .merges, .unigram: break
    }
    if let cut = Self.pattern(normalizer, cuts) {
      self = cut
    } else if !hasNormalizedTokens, let bans = Self.spaces(normalizer, cuts, model) {
      self = .spaces(bansWhiteSpace: bans)
    } else {
      return nil
    }
  }

  private static func pattern(
    _ normalizer: [NormalizationStep], _ cuts: [CuttingStep]
  ) -> WordCut? {
    let pattern: WordPattern
    var hasMarkers = false
    guard case .pattern(let first) = cuts.first else { return nil }
    if cuts.count == 1 {
      pattern = first
      if case .clip(true) = first { hasMarkers = true }
    } else if case .clip = first, cuts == [.pattern(first), .pattern(.gpt2)] {
      // GPT-2's expression leaves CLIP's words whole, but for its two markers.
      pattern = .clip(hasMarkers: false)
      if first != pattern { hasMarkers = true }
    } else {
      return nil
    }
    switch (normalizer.count, normalizer.first, normalizer.last) {
    case (0, _, _) where !hasMarkers: return .pattern(pattern, cautions: nil, changesCase: false)
    case (1, .nfc(let form), _) where !hasMarkers:
      return .pattern(pattern, cautions: CautionTable(form, nil), changesCase: false)
    case (3, .nfc(let form), .lowercase(let classes)):
      guard case .clip = pattern, case .replace(.whiteSpaceRuns, by: [0x20]) = normalizer[1] else {
        return nil
      }
      return .pattern(
        .clipInAnyCase, cautions: CautionTable(form, classes, bansLess: hasMarkers),
        changesCase: true)
    default: return nil
    }
  }

  /// Whether white space within words is banned; nil where spaces are no place to cut.
  private static func spaces(
    _ normalizer: [NormalizationStep], _ cuts: [CuttingStep], _ model: Pipeline.Model
  ) -> Bool? {
    var bans = false
    for step in normalizer {
      switch step {
      case .nfc, .lowercase, .charsmap, .replace(.text, by: _): break
      case .replace(.spaceRuns, by: _), .strip(left: false, right: true): bans = true
      case .replace, .strip, .prepend: return nil
      }
    }
    var splits = false
    for cut in cuts {
      switch cut {
      case .whiteSpace: (bans, splits) = (true, true)
      case .metaspace(_, let isCut): splits = splits || isCut
      case .behind: break
      case .pattern, .spaceAhead: return nil
      }
    }
    if splits { return bans }
    // One word for the model: merges must not reach over the beginning of a run of ▁.
    guard case .merges(let vocabulary) = model, vocabulary.whole == nil,
      !vocabulary.mergesCrossSpaces
    else { return nil }
    return bans
  }
}

/// What to look at ahead of cutting raw text, by scalar.
final class CautionTable: @unchecked Sendable {
  // Sound to share: nothing is written behind `init`.
  private let storage: ScalarTable<UInt8>.Storage
  private let bansLess: Bool

  /// `classes` are given where text is lower-cased.
  /// `bansLess`: a "<" may begin a marker.
  init(_ form: CanonicalForm, _ classes: ScalarClasses?, bansLess: Bool = false) {
    self.bansLess = bansLess
    var all = [UInt8](repeating: 0, count: ScalarTable<UInt8>.codePointCount)
    let kinds = PatternClass.table.reader
    for scalar in UInt32(0x80)..<0x20000 {
      all[Int(scalar)] = form.caution(scalar)
      guard let classes, classes[scalar] & ScalarClasses.lowercases != 0 else { continue }
      let (first, second) = classes.lowercased(scalar)
      if second != nil || kinds[first] != kinds[scalar] || form.caution(first) != 0 {
        all[Int(scalar)] = 255
      }
    }
    for scalar in UInt32(0x20000)..<0x30000 { all[Int(scalar)] = form.caution(scalar) }
    storage = ScalarTable(all).storage()
  }

  /// Whether a stretch can be cut as it is written.
  func allows(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Bool {
    var at = range.lowerBound
    var before: UInt8 = 0
    while at < range.upperBound {
      if text[at] < 0x80 {
        if bansLess, text[at] == UInt8(ascii: "<") { return false }
        before = 0
        at += 1
        continue
      }
      guard let (scalar, length) = UTF8Scalar.scalar(text, at, range.upperBound) else {
        return false
      }
      let caution = storage.values[Int(storage.blocks[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
      if caution == 255 || caution != 0 && caution < before { return false }
      before = caution
      at += length
    }
    return true
  }
}
