import Foundation
import XlingCore

extension VocabularyExtension {
  /// The tokenizer of a folder or file with the new pieces. `file` names the extension in messages. Throws
  /// ``TokenizerFailure/badExtension(file:expected:found:)`` where the pieces are another tokenizer's or there
  /// already, ``TokenizerFailure/notExtensible(path:found:)``, and what reading a tokenizer throws.
  public func tokenizer(of path: String, file: String) throws -> any Tokenizer {
    try check(file)
    let base = try TokenizerSource.load(path)
    guard base.contentHash == tokenizer, base.vocabularySize == firstId else {
      throw TokenizerFailure.badExtension(
        file: file,
        expected: "pieces for the tokenizer \(base.contentHash.prefix(12)) of "
          + "\(base.vocabularySize) pieces, which lies in \(path)",
        found: "pieces for \(tokenizer.prefix(12)) of \(firstId)")
    }
    switch try Self.form(of: base, path) {
    case .wordPiece(let tokenizer, _):
      let known = Set(tokenizer.index.pieces)
      try check(known: known.contains, file)
      return try BertTokenizer(vocabulary(tokenizer), file: file)
        .declaring(base.declarations)
    case .unigram(let model, let name):
      let known = Set((0..<model.count).map(model.piece))
      try check(known: known.contains, file)
      return try SentencePieceTokenizer(
        try extended(model, file), maximumLength: base.maximumLength, file: name
      ).declaring(base.declarations)
    }
  }

  /// The files of the tokenizer of a folder, by name, those that hold pieces with the new ones. Throws as
  /// ``tokenizer(of:file:)``.
  public func files(of folder: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try TokenizerSource.files(in: folder) {
      files[name] = try AtomicFile.read(folder + "/" + name)
    }
    switch try Self.form(of: try TokenizerSource.load(folder), folder) {
    case .wordPiece(let tokenizer, let name): files[name] = vocabulary(tokenizer).text
    case .unigram(let model, let path):
      files[PathParts.name(of: path)] = try extended(model, path).serialized
    }
    return files
  }

  private func vocabulary(_ tokenizer: BertTokenizer) -> WordPieceVocabulary {
    WordPieceVocabulary(
      pieces: PackedPieces(Array(tokenizer.index.pieces) + pieces.map { Array($0.piece.utf8) }),
      configuration: tokenizer.configuration)
  }

  private func extended(
    _ model: SentencePieceModel, _ file: String
  ) throws(TokenizerFailure) -> SentencePieceModel {
    var model = model
    for piece in pieces {
      guard let score = piece.score else {
        throw .badExtension(
          file: file, expected: "a score of every piece, since the model is Unigram",
          found: "\"\(piece.piece)\" without one")
      }
      model.append(Array(piece.piece.utf8), score: score)
    }
    return model
  }

  private func check(known: ([UInt8]) -> Bool, _ file: String) throws(TokenizerFailure) {
    if let there = pieces.first(where: { known(Array($0.piece.utf8)) }) {
      throw .badExtension(
        file: file, expected: "pieces that the tokenizer lacks",
        found: "\"\(there.piece)\", which it has")
    }
  }

  /// What pieces can be put behind.
  enum Form {
    /// With the name of its vocabulary.
    case wordPiece(BertTokenizer, String)
    /// With the file's path.
    case unigram(SentencePieceModel, String)
  }

  /// Throws ``TokenizerFailure/notExtensible(path:found:)``, and what reading a model throws.
  static func form(of tokenizer: any Tokenizer, _ path: String) throws -> Form {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let names = isFolder.boolValue ? try FolderNames.read(path) : [PathParts.name(of: path)]
    guard !names.contains("tokenizer.json") else {
      throw TokenizerFailure.notExtensible(path: path, found: "a tokenizer.json")
    }
    switch tokenizer {
    case let bert as BertTokenizer where bert.vocabularySize == bert.index.pieces.count:
      return .wordPiece(bert, "vocab.txt")
    case let piece as SentencePieceTokenizer:
      guard piece.ids.scheme == .sentencepiece else {
        throw TokenizerFailure.notExtensible(
          path: path,
          found:
            "a model under the ids of \(piece.ids.scheme.rawValue), which has tokens behind its "
            + "last piece")
      }
      guard piece.vocabulary.algorithm == .unigram, piece.vocabulary.bytePieces == nil else {
        throw TokenizerFailure.notExtensible(
          path: path,
          found: piece.vocabulary.algorithm == .bpe
            ? "a BPE model, whose pieces are merges of pieces"
            : "a model that spells unknown characters by bytes")
      }
      let models = names.filter { $0.hasSuffix(".model") }
      let file = isFolder.boolValue ? path + "/" + (models.first ?? "") : path
      return .unigram(
        try SentencePieceModel(serialized: try AtomicFile.read(file), file: file), file)
    default:
      throw TokenizerFailure.notExtensible(
        path: path, found: "a tokenizer with added tokens or steps of its own")
    }
  }
}

extension Tokenizer {
  /// What a piece adds to a path; nil but for Unigram models.
  public func unigramScore(_ id: Int32) -> Float? {
    guard let tokenizer = self as? SentencePieceTokenizer,
      tokenizer.vocabulary.algorithm == .unigram, let piece = tokenizer.ids.modelPiece(id)
    else { return nil }
    return tokenizer.vocabulary.scores[Int(piece)]
  }

  /// Throws ``TokenizerFailure/notExtensible(path:found:)`` where no pieces can be put behind this
  /// tokenizer's, which was read from `path`.
  public func checkIsExtensible(_ path: String) throws {
    _ = try VocabularyExtension.form(of: self, path)
  }
}
