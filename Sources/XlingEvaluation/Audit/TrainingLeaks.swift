import XlingData

/// Test pictures that names and bytes give away as training pictures: quick enough for every
/// evaluation. Both datasets know the hashes of their pictures, so nothing is read; ``LeakAudit`` also
/// finds pictures that were scaled or compressed anew.
public struct TrainingLeaks: Sendable, Equatable {
  /// Names of test pictures, in the order of the split.
  public let sameNumber: [String]
  public let sameBytes: [String]
  public let testPictures: Int

  public var all: Set<String> { Set(sameNumber + sameBytes) }

  public init(
    train: Dataset, _ trainSplit: Split = .train, test: Dataset, _ testSplit: Split
  ) {
    let (known, asked) = (train.items(in: trainSplit), test.items(in: testSplit))
    let numbers = Set(known.compactMap { AuditedPicture.publishedNumber($0.image) })
    let (trained, tested) = (train.pictureDigests(), test.pictureDigests())
    let digests = Set(known.compactMap { trained[$0.image] })
    var found: (number: [String], bytes: [String]) = ([], [])
    for item in asked {
      if let number = AuditedPicture.publishedNumber(item.image), numbers.contains(number) {
        found.number.append(item.image)
      } else if let digest = tested[item.image], digests.contains(digest) {
        found.bytes.append(item.image)
      }
    }
    (sameNumber, sameBytes, testPictures) = (found.number, found.bytes, asked.count)
  }
}
