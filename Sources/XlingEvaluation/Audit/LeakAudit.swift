import Foundation
import XlingCore
import XlingData

/// Test pictures and captions that are in the training data as well.
public struct LeakAudit: Sendable, Encodable {
  /// Why a test picture counts as seen, the surest first.
  public enum Reason: String, Sendable, Encodable, CaseIterable {
    case bytes = "same bytes"
    case number = "same number"
    case looks = "looks alike"
  }

  /// A test picture and the training picture that gives it away.
  public struct Leak: Sendable, Equatable, Encodable {
    public let test: String
    public let train: String
    public let reason: Reason
    /// Differing bits of the hashes (the larger of two, of 64); 0 for other reasons.
    public let distance: Int
  }

  /// Captions of one language, and how many of them a training caption in that language equals.
  public struct CaptionOverlap: Sendable, Equatable, Encodable {
    public let language: String
    public let n: Int
    public let repeated: Int
  }

  public let trainPictures: Int
  public let testPictures: Int
  /// One a test picture at the most, in the order of the test split.
  public let leaks: [Leak]
  public let captions: [CaptionOverlap]

  /// Pictures are the same when their bytes are; when both are named by a number of seven digits or
  /// more, as COCO's and Flickr's are, and these are equal; when both perceptual hashes
  /// (`PerceptualHash`) differ in at most `distance` bits.
  public init(
    train: [AuditedPicture], test: [AuditedPicture], captions: [CaptionOverlap], distance: Int
  ) {
    var byDigest: [String: Int] = [:]
    var byNumber: [Int: Int] = [:]
    for (index, picture) in train.enumerated().reversed() {
      byDigest[picture.digest] = index
      if let number = picture.number { byNumber[number] = index }
    }
    var found = [Leak?](repeating: nil, count: test.count)
    found.withUnsafeMutableBufferPointer { slots in
      // One slot is written by one thread only, and read after all are done.
      nonisolated(unsafe) let slots = slots
      Parallel.ranges(test.count, grain: 16) { range in
        for index in range {
          let picture = test[index]
          func leak(_ other: Int, _ reason: Reason, _ distance: Int = 0) -> Leak {
            Leak(
              test: picture.name, train: train[other].name, reason: reason, distance: distance)
          }
          if let same = byDigest[picture.digest] {
            slots[index] = leak(same, .bytes)
          } else if let same = picture.number.flatMap({ byNumber[$0] }) {
            slots[index] = leak(same, .number)
          } else if let (other, bits) = picture.nearest(in: train), bits <= distance {
            slots[index] = leak(other, .looks, bits)
          }
        }
      }
    }
    leaks = found.compactMap { $0 }
    (trainPictures, testPictures) = (train.count, test.count)
    self.captions = captions
  }

  /// Reads and hashes every picture of both. Throws ``ImageFailure``, `FileFailure`.
  public init(
    train: Dataset, _ trainSplit: Split, test: Dataset, _ testSplit: Split, distance: Int = 4
  ) throws {
    self.init(
      train: try AuditedPicture.all(of: train, trainSplit),
      test: try AuditedPicture.all(of: test, testSplit),
      captions: Self.overlaps(train.items(in: trainSplit), test.items(in: testSplit)),
      distance: distance)
  }

  private static func overlaps(
    _ train: [Dataset.Item], _ test: [Dataset.Item]
  ) -> [CaptionOverlap] {
    let languages = Set(test.flatMap(\.captions.keys)).intersection(train.flatMap(\.captions.keys))
    return languages.sorted().map { language in
      let known = Set(train.flatMap { $0.captions[language] ?? [] }.map(normalized))
      let asked = test.flatMap { $0.captions[language] ?? [] }.map(normalized)
      return CaptionOverlap(
        language: language, n: asked.count, repeated: asked.count { known.contains($0) })
    }
  }

  /// Letters, marks and digits in lower case, compatibility forms made one, a blank for all between.
  static func normalized(_ caption: String) -> String {
    let text = caption.precomposedStringWithCompatibilityMapping.lowercased()
    return text.unicodeScalars.split { scalar in
      !(scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || scalar.properties.generalCategory == .nonspacingMark
        || scalar.properties.generalCategory == .spacingMark)
    }.map { String(String.UnicodeScalarView($0)) }.joined(separator: " ")
  }
}
