import XlingCore

/// The part of a dataset that a picture or a concept belongs to.
public enum Split: String, CaseIterable, Sendable, Codable {
  case train, val, test
}

/// One emoji, whatever its skin tone.
public struct Concept: Sendable, Equatable {
  /// ``ConceptID``: "1f6b2".
  public let id: String
  /// English name, distinct among the scene concepts.
  public let name: String
  /// Its part in the `emoji` dataset: about 70/10/20 by a stable hash of the id.
  public let split: Split

  /// Scalars to shape, without variation selectors.
  public var sequence: String { ConceptID.sequence(id) }

  public init(id: String, name: String) {
    self.id = id
    self.name = name
    split = Self.split(id)
  }

  static func split(_ id: String) -> Split {
    switch Digest.key("emoji/split/" + id) % 10 {
    case 0..<7: .train
    case 7: .val
    default: .test
    }
  }

  /// One in ten scene concepts is a held-out word: its name is never half of a translation pair.
  static func isHeldOut(_ id: String) -> Bool { Digest.key("scenes/held-out/" + id) % 10 == 0 }
}

/// Which CLDR annotations are emoji, and which emoji are fit for scenes.
enum ConceptRule {
  /// Emoji, not punctuation or mathematics, and not the hair styles that only occur in sequences.
  static func isEmoji(_ id: String) -> Bool {
    let scalars = Array(ConceptID.sequence(id).unicodeScalars)
    guard let first = scalars.first else { return false }
    if scalars.count == 1, first.isASCII || (0x1F9B0...0x1F9B3).contains(first.value) {
      return false
    }
    return first.properties.isEmoji
  }

  static func isFlag(_ concept: Concept) -> Bool {
    concept.name.hasPrefix("flag: ") || concept.name.hasSuffix(" flag")
      || concept.name == "crossed flags"
  }

  /// Scenes hold things that a reader tells apart at 50 pixels: no flags, keycaps, letters, arrows
  /// and signs, one variant of each person and activity, one clock face.
  static func fitsScene(_ concept: Concept) -> Bool {
    guard !isFlag(concept), !isVariant(concept), !isSign(concept) else { return false }
    return !lookalikes.contains(concept.id)
  }

  /// A man or woman doing what a person does, couples, families, hair.
  private static func isVariant(_ concept: Concept) -> Bool {
    let parts = concept.id.split(separator: "-")
    if parts.count > 1 {
      if parts.contains("2640") || parts.contains("2642") { return true }
      if parts[0] == "1f468" || parts[0] == "1f469" { return true }
    }
    return concept.name.contains(":")
  }

  private static func isSign(_ concept: Concept) -> Bool {
    let scalars = concept.sequence.unicodeScalars
    guard let first = scalars.first, !first.isASCII else { return true }
    if signBlocks.contains(where: { $0.contains(first.value) }) { return true }
    let name = concept.name
    return name.hasSuffix(" button") || name.hasSuffix(" arrow") || name.hasSuffix(" arrows")
      || name.hasPrefix("input ") || name.hasPrefix("no ") || name.contains("“")
  }

  /// Blocks of letters, arrows, plain shapes, zodiac, clock faces and public signs.
  private static let signBlocks: [ClosedRange<UInt32>] = [
    0x00A9...0x00AE, 0x2000...0x22FF, 0x23CF...0x23CF, 0x23E9...0x23EF, 0x23F8...0x23FA,
    0x24C2...0x24C2, 0x25AA...0x25FE, 0x2640...0x2642, 0x2648...0x2653, 0x267E...0x267F,
    0x26AA...0x26AB, 0x26CE...0x26CE, 0x2705...0x2705, 0x2714...0x2716, 0x2733...0x2734,
    0x2747...0x2747, 0x274C...0x274E, 0x2753...0x2757, 0x2795...0x27BF, 0x2934...0x2935,
    0x2B05...0x2B1C, 0x2B55...0x2B55, 0x3030...0x303D, 0x3297...0x3299, 0x1F170...0x1F251,
    0x1F4B1...0x1F4B2, 0x1F4F4...0x1F4F6, 0x1F500...0x1F50A, 0x1F518...0x1F51F,
    0x1F520...0x1F524, 0x1F530...0x1F53D, 0x1F551...0x1F567, 0x1F6AB...0x1F6B1,
    0x1F6B3...0x1F6B3, 0x1F6B7...0x1F6B9, 0x1F6BA...0x1F6BC, 0x1F6BE...0x1F6BE,
    0x1F6C2...0x1F6C5, 0x1F7E0...0x1F7EB, 0x1F7F0...0x1F7F0,
  ]

  /// Near copies of another concept that stays (the one named after the dash).
  private static let lookalikes: Set<String> = [
    "263a",  // smiling face - 1f60a smiling face with smiling eyes
    "1f470", "1f935",  // person with veil, person in tuxedo: drawn as bride and groom by name only
    "1f552", "23f3",  // clock faces, hourglass not done - 231b
    "26c4",  // snowman without snow - 2603
    "1f4ea", "1f4ed", "1f4ec",  // mailboxes - 1f4eb
    "1f508", "1f509",  // speakers - 1f50a
  ]
}
