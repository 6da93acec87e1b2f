import Foundation
import XlingCore
import XlingUnicode

/// SigLIP's first tokenizer, which has no tokenizer.json: texts between its marks are canonicalized
/// (lower case, without ASCII punctuation, white space as single spaces) and cut by SentencePiece,
/// as transformers 5.24 does it. A ▁ goes ahead of the text alone, not of what follows a mark.
struct SiglipTokenizer: Tokenizer {
  let special: SpecialTokens
  let contentHash: String
  let maximumLength: Int?
  var declarations: [Declaration] = []
  let model: SentencePieceTokenizer
  let marks: AddedTokens
  let lowercases: Bool
  /// transformers frames ids, and spells them by their pieces.
  var spellsFramedByPieces: Bool { true }
  /// What stands ahead of every stretch, and how many tokens it is: so a stretch's first space counts.
  let guardText: [UInt8]
  let guardCount: Int

  /// Throws ``FileFailure`` or ``TokenizerFailure``.
  init(model file: String, _ folder: FolderDeclarations) throws {
    let parts = try SentencePieceModel(serialized: try AtomicFile.read(file), file: file)
    let model = try SentencePieceTokenizer(parts, file: file)
    lowercases = try folder.flag("do_lower_case") ?? true
    func id(_ key: String, _ text: String) throws(TokenizerFailure) -> Int32 {
      let text = Array((folder.token(key) ?? text).utf8)
      guard let id = (0..<parts.count).first(where: { parts.piece($0) == text }) else {
        throw .missingSpecialToken(file: file, token: String(decoding: text, as: UTF8.self))
      }
      return Int32(id)
    }
    let (end, unknown) = (try id("eos_token", "</s>"), try id("unk_token", "<unk>"))
    let padding = try id("pad_token", "</s>")
    special = SpecialTokens(padding: padding, unknown: unknown, end: end)
    marks = AddedTokens(
      Set([end, unknown, padding]).sorted().map {
        AddedToken(utf8: model.piece($0), id: $0, stripsLeft: true, stripsRight: true)
      })
    guardText = model.piece(unknown)
    guardCount = guardText.withUnsafeBytes { model.encode($0).count }
    maximumLength = folder.maximumLength ?? 64
    self.model = model
    self.contentHash = Digest.of(Data("SigLIP \(lowercases) \(model.contentHash)".utf8))
  }

  var vocabularySize: Int { model.vocabularySize }
  var byteCount: Int { model.byteCount }
  func piece(_ id: Int32) -> [UInt8] { model.piece(id) }
  func kind(ofPiece id: Int32) -> PieceKind { model.kind(ofPiece: id) }

  func normalized(_ utf8: UnsafeRawBufferPointer) -> [UInt8] {
    guard let text = utf8.bindMemory(to: UInt8.self).baseAddress else { return [] }
    var stretch = AlignedText(text, 0..<utf8.count)
    canonicalize(&stretch)
    return stretch.bytes.withUnsafeBytes { model.normalized($0) }
  }

  func decode(_ ids: [Int32]) -> String { model.decode(ids.filter { $0 != special.end }) }
  func decodedBytes(_ ids: [Int32]) -> [UInt8] {
    model.decodedBytes(ids.filter { $0 != special.end })
  }
  func session(cacheLimit: Int) -> any TokenizerSession { SiglipSession(self) }

  var summary: TokenizerSummary {
    var summary = model.summary
    summary.normalizer.insert(
      contentsOf: (lowercases ? ["lower case"] : []) + [
        "ASCII punctuation and symbols go", "runs of white space become one space",
      ], at: 0)
    summary.specialTokens = [
      ("padding", special.padding), ("unknown", special.unknown), ("end", special.end),
    ]
    .compactMap { role, id in id.map { .init(role: role, text: pieceText($0), id: $0) } }
    return summary
  }
}

/// One thread's buffers for a ``SiglipTokenizer``.
private final class SiglipSession: TokenizerSession {
  private let tokenizer: SiglipTokenizer
  private let session: any TokenizerSession
  @exclusivity(unchecked) private var part = Encoding()
  private let padding = CacheLinePadding()

  init(_ tokenizer: SiglipTokenizer) {
    self.tokenizer = tokenizer
    session = tokenizer.model.session(cached: false)
  }

  func encode(_ utf8: UnsafeRawBufferPointer, offsets: OffsetUnit, into encoding: inout Encoding) {
    encoding.removeAll()
    guard let text = utf8.bindMemory(to: UInt8.self).baseAddress else { return }
    tokenizer.marks.reader.cut(text, 0..<utf8.count) { range in
      var stretch = AlignedText(text, range)
      stretch.keep { $0 == 0x2581 ? 0x20 : $0 }
      if range.lowerBound == 0 { stretch.prepend([0x2581]) }
      take(stretch, &encoding)
    } token: { found, range in
      encoding.append(found.id, Int32(range.lowerBound), Int32(range.upperBound))
    }
    if offsets == .scalars { encoding.countScalars(text, utf8.count) }
  }

  private func take(_ stretch: AlignedText, _ encoding: inout Encoding) {
    var stretch = stretch
    tokenizer.canonicalize(&stretch)
    let ahead = tokenizer.guardText
    let whole = ahead + stretch.bytes
    whole.withUnsafeBytes { session.encode($0, offsets: .bytes, into: &part) }
    for index in 0..<part.count where index >= tokenizer.guardCount {
      let (start, end) = (
        Int(part.starts[index]) - ahead.count, Int(part.ends[index]) - ahead.count
      )
      let first = min(max(0, start), max(0, stretch.count - 1))
      let last = min(max(first + 1, end), stretch.count)
      guard last > first else { continue }
      if let surface = part.surface(of: index) {
        encoding.unknownCount += 1
        encoding.surfaces.append(token: encoding.count, surface)
      }
      let source = stretch.source(first..<last)
      encoding.append(part.ids[index], source.start, max(source.start, source.end))
    }
  }
}

/// What becomes of a text before SentencePiece sees it.
extension SiglipTokenizer {
  fileprivate func canonicalize(_ text: inout AlignedText) {
    if lowercases { lowercase(&text) }
    text.replace(ReplacedPattern.asciiPunctuation.matches(text), by: [])
    // Python's white space has four separators more.
    text.keep { (0x1C...0x1F).contains($0) ? 0x20 : $0 }
    text.replace(ReplacedPattern.whiteSpaceRuns.matches(text), by: [0x20])
    text.strip(left: true, right: true)
  }

  /// As Python does: a sigma at a word's end is a final one.
  private func lowercase(_ text: inout AlignedText) {
    let before = String(decoding: text.bytes, as: UTF8.self)
    guard let after = try? Casing.lowercased(before) else { return }
    var lower = after.unicodeScalars.makeIterator()
    var changes: [AlignedText.Change] = []
    text.forEachScalar { scalar, _ in
      if let first = lower.next() { changes.append(.init(scalar: first.value, places: 0)) }
      // The only one that becomes two.
      if scalar == 0x130, let second = lower.next() {
        changes.append(.init(scalar: second.value, places: 1))
      }
    }
    text.transform(changes)
  }
}
