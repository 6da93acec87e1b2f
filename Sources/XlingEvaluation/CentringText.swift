import Foundation
import XlingCore
import XlingData
import XlingExperiments
import XlingTensor

/// Unpaired sentences of a language, whose mean embedding is taken from that language's captions.
public struct CentringText: Sendable, Equatable {
  public let path: String
  /// Distinct lines that are not blank.
  public let sentences: [String]
  /// SHA-256 of the sentences, in their order.
  public let hash: String

  /// One sentence a line, UTF-8. Throws ``EvaluationFailure/noSentences(path:)``, `TextFailure`,
  /// `ForeignFileFailure`, `FileFailure`.
  public init(path: String) throws {
    let data = try AtomicFile.read(path, hint: "--centre takes LANGUAGE=FILE, a sentence a line.")
    var (lines, met): ([String], Set<String>) = ([], [])
    for line in DatasetReader.lines(try TextBytes.utf8(data, path: path)) {
      let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespaces)
      if !text.isEmpty, met.insert(text).inserted { lines.append(text) }
    }
    guard !lines.isEmpty else { throw EvaluationFailure.noSentences(path: path) }
    self.path = path
    sentences = lines
    hash = Digest.of(lines.joined(separator: "\n"))
  }

  public func centring(_ language: String) -> Centring {
    Centring(language: language, sentences: sentences.count, hash: hash)
  }
}

extension EmbeddingMatrix {
  /// The mean of the rows, [width], summed in double precision.
  var mean: [Double] {
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<count {
      let values = self.row(row)
      for column in 0..<width { sums[column] += Double(values[column]) }
    }
    return sums.map { $0 / Double(count) }
  }

  /// Rows less `mean`, of unit length again. Throws ``EmbeddingFailure/zeroRows(what:rows:count:)`` where
  /// nothing is left of one.
  func centred(by mean: [Double], name: String) throws -> EmbeddingMatrix {
    var centred = try EmbeddingMatrix(count: count, width: width, name: name) { out in
      for row in 0..<count {
        let values = self.row(row)
        for column in 0..<width { out[row, column] = Float(Double(values[column]) - mean[column]) }
      }
    }
    try centred.checkDirections(name)
    centred.scaleToUnitLength()
    return centred
  }
}
