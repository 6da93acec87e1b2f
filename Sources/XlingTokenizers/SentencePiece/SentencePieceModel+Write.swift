import Foundation

extension SentencePieceModel {
  /// The file's bytes, which SentencePiece and ``init(serialized:file:)`` read. The same model
  /// gives the same bytes.
  public var serialized: Data {
    var model = ProtobufWriter()
    for id in 0..<count {
      var piece = ProtobufWriter()
      piece.bytes(1, pieces[id])
      piece.float(2, scores[id])
      if kinds[id] != .normal { piece.integer(3, Int(kinds[id].rawValue)) }
      model.bytes(1, piece.bytes)
    }
    model.bytes(2, trainerFields)
    model.bytes(3, normalizerFields)
    return Data(model.bytes)
  }

  private var trainerFields: [UInt8] {
    var trainer = ProtobufWriter()
    trainer.integer(3, algorithm.rawValue)
    trainer.integer(4, count)
    if let training {
      trainer.float(10, training.characterCoverage)
      trainer.float(15, training.shrinkingFactor)
      trainer.integer(17, training.subIterations)
      trainer.integer(20, training.maximumPieceLength)
    }
    trainer.flag(24, whitespaceIsSuffix)
    trainer.flag(35, byteFallback)
    trainer.integer(40, kinds.firstIndex(of: .unknown) ?? 0)
    trainer.integer(41, startId ?? -1)
    trainer.integer(42, endId ?? -1)
    trainer.integer(43, paddingId ?? -1)
    return trainer.bytes
  }

  private var normalizerFields: [UInt8] {
    var normalizer = ProtobufWriter()
    normalizer.bytes(1, Array(normalizerName.utf8))
    normalizer.bytes(2, charsmap)
    normalizer.flag(3, addsDummyPrefix)
    normalizer.flag(4, removesExtraWhitespace)
    normalizer.flag(5, escapesWhitespace)
    return normalizer.bytes
  }
}
