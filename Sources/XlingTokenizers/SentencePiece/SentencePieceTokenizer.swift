import Foundation
import XlingCore

/// Unigram and BPE models of SentencePiece, with the tokens, ids and offsets that version 0.2.3 of
/// the reference gives on any bytes. Control pieces in a text are ordinary characters.
public struct SentencePieceTokenizer: Tokenizer {
  public let special: SpecialTokens
  public let contentHash: String
  public var declarations: [Declaration] = []
  public let maximumLength: Int?

  let vocabulary: SentencePieceVocabulary
  let normalizer: SentencePieceNormalizer
  let ids: SentencePieceIds
  /// Whether words between spaces come to the same tokens alone as in their text.
  var encodesWordsAlone: Bool { normalizer.keepsWordsApart && vocabulary.hasSpace }

  /// `file` names the model in errors. Throws ``TokenizerFailure``.
  public init(
    _ model: SentencePieceModel, scheme: SentencePieceScheme = .sentencepiece,
    maximumLength: Int? = nil, file: String
  ) throws {
    // Together a sixth of the time that loading takes: beside the tables.
    let hash = Meanwhile { model.contentHash(scheme) }
    let read = Meanwhile { () -> Result<Charsmap, Charsmap.Malformed>? in
      model.charsmap.isEmpty
        ? nil : Result { () throws(Charsmap.Malformed) in try Charsmap(model.charsmap) }
    }
    let vocabulary = try SentencePieceVocabulary(model, file: file)
    let charsmap: Charsmap?
    do throws(Charsmap.Malformed) {
      charsmap = try read.value?.get()
    } catch {
      throw TokenizerFailure.badModel(
        file: file, offset: 0, expected: error.expected, found: error.found)
    }
    self.vocabulary = vocabulary
    normalizer = SentencePieceNormalizer(
      model, charsmap: charsmap, symbols: vocabulary.symbols,
      cutsAtSpaces: vocabulary.cutsAtSpaces)
    ids = try SentencePieceIds(model, pieces: vocabulary.pieces, scheme: scheme, file: file)
    special = ids.special
    self.maximumLength = maximumLength
    contentHash = hash.value
  }

  /// Reads a `.model` file. Throws ``FileFailure`` or ``TokenizerFailure``.
  public init(
    model file: String, scheme: SentencePieceScheme = .sentencepiece, maximumLength: Int? = nil
  ) throws {
    let model = try SentencePieceModel(serialized: try AtomicFile.read(file), file: file)
    try self.init(model, scheme: scheme, maximumLength: maximumLength, file: file)
  }

  public var vocabularySize: Int { ids.count }

  public var byteCount: Int { vocabulary.byteCount + (normalizer.charsmap?.byteCount ?? 0) }

  public func piece(_ id: Int32) -> [UInt8] { ids.text(id) }

  public func session(cacheLimit: Int) -> any TokenizerSession {
    SentencePieceSession(self, cacheLimit: cacheLimit)
  }

  public var summary: TokenizerSummary {
    let roles: [(String, Int32?)] = [
      ("padding", special.padding), ("unknown", special.unknown), ("start", special.start),
      ("end", special.end), ("mask", special.mask),
    ]
    var tokens = roles.compactMap { role, id in
      id.map { TokenizerSummary.SpecialToken(role: role, text: pieceText($0), id: $0) }
    }
    for piece in vocabulary.userDefined.sorted() {
      let id = ids.reader.id(ofPiece: piece, unknownPiece: vocabulary.unknownId)
      tokens.append(.init(role: "added", text: pieceText(id), id: id))
    }
    var steps: [String] = []
    if let charsmap = normalizer.charsmap {
      steps.append("the model's charsmap (\(charsmap.ruleCount) rules)")
    }
    if normalizer.whitespace.removesExtra { steps.append("remove extra spaces") }
    if normalizer.whitespace.addsDummyPrefix {
      steps.append(normalizer.whitespace.isSuffix ? "add a space behind" : "add a space ahead")
    }
    if normalizer.whitespace.isEscaped { steps.append("spaces become \u{2581}") }
    if vocabulary.bytePieces != nil { steps.append("unknown characters become bytes") }
    return TokenizerSummary(
      model: vocabulary.algorithm == .unigram ? "Unigram" : "BPE", specialTokens: tokens,
      normalizer: steps, charsmapHash: normalizer.charsmap?.hash,
      unicode: "the model's own charsmap")
  }

  public func normalized(_ utf8: UnsafeRawBufferPointer) -> [UInt8] {
    let output = NormalizedText()
    normalizer.reader.normalize(utf8.bindMemory(to: UInt8.self), .bytes, into: output)
    return Array(UnsafeBufferPointer(start: output.bytes, count: output.count))
  }

  public func kind(ofPiece id: Int32) -> PieceKind {
    guard let piece = ids.modelPiece(id), !vocabulary.silent.contains(piece) else {
      return .special
    }
    return .of(self.piece(id), id, special: special, hasBytes: vocabulary.bytePieces != nil)
  }

  public func decode(_ ids: [Int32]) -> String {
    String(decoding: decodedBytes(ids), as: UTF8.self)
  }

  public func decodedBytes(_ ids: [Int32]) -> [UInt8] {
    let (padding, start, end) = (special.padding ?? -1, special.start ?? -1, special.end ?? -1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * ids.count)
    var hasByte = false
    for id in ids where id != padding && id != start && id != end {
      let piece = piece(id)
      if vocabulary.bytePieces != nil, let byte = PieceText.byte(piece) {
        bytes.append(byte)
        hasByte = true
      } else {
        bytes.append(contentsOf: piece)
      }
    }
    let whitespace = normalizer.whitespace
    return PieceText.spaced(
      bytes, mayBeMalformed: hasByte,
      cutting: !whitespace.addsDummyPrefix ? .nothing : whitespace.isSuffix ? .end : .start)
  }
}

extension SentencePieceModel {
  /// SHA-256 of what decides an encoding; how the model was trained is left out.
  func contentHash(_ scheme: SentencePieceScheme) -> String {
    let digest = Digest()
    digest.update("sentencepiece \(algorithm) \(scheme.rawValue) \(byteFallback)")
    digest.update(" \(addsDummyPrefix) \(removesExtraWhitespace) \(escapesWhitespace)")
    let ids = [startId, endId, paddingId].map { $0 ?? -1 }
    digest.update(" \(whitespaceIsSuffix) \(ids) \(count) \(charsmap.count)")
    pieces.bytes.withUnsafeBytes { digest.update($0) }
    pieces.ends.withUnsafeBytes { digest.update($0) }
    scores.withUnsafeBytes { digest.update($0) }
    kinds.withUnsafeBytes { digest.update($0) }
    charsmap.withUnsafeBytes { digest.update($0) }
    return digest.hexadecimal()
  }
}
