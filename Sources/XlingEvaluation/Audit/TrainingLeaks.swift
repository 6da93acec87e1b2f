import Foundation
import XlingCore
import XlingData

/// Test pictures that names and bytes give away as training pictures: quick enough for every
/// evaluation. Nothing is decoded, and of the training pictures only those are read that have the size
/// of a test picture; ``LeakAudit`` also finds pictures that were scaled or compressed anew.
public struct TrainingLeaks: Sendable, Equatable {
  /// Names of test pictures, in the order of the split.
  public let sameNumber: [String]
  public let sameBytes: [String]
  public let testPictures: Int

  public var all: Set<String> { Set(sameNumber + sameBytes) }

  /// Throws `FileFailure` for pictures that cannot be read.
  public init(
    train: Dataset, _ trainSplit: Split = .train, test: Dataset, _ testSplit: Split
  ) throws {
    let (known, asked) = (train.items(in: trainSplit), test.items(in: testSplit))
    let numbers = Set(known.compactMap { AuditedPicture.publishedNumber($0.image) })
    let candidates = Dictionary(grouping: train.images(in: trainSplit), by: Self.size)
    var digests: [Int: Set<String>] = [:]
    var found: (number: [String], bytes: [String]) = ([], [])
    for item in asked {
      if let number = AuditedPicture.publishedNumber(item.image), numbers.contains(number) {
        found.number.append(item.image)
        continue
      }
      let path = test.path(of: item)
      let size = Self.size(path)
      guard let paths = candidates[size] else { continue }
      if digests[size] == nil {
        digests[size] = Set(try paths.map { Digest.of(try AtomicFile.read($0)) })
      }
      if digests[size]?.contains(Digest.of(try AtomicFile.read(path))) == true {
        found.bytes.append(item.image)
      }
    }
    (sameNumber, sameBytes, testPictures) = (found.number, found.bytes, asked.count)
  }

  private static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : -1
  }
}
