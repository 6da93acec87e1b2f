import XlingData

/// Pairs of another language behind those of a source: place `first` + i is its pair i.
public struct MixedCaptions: Sendable {
  public let language: String
  public let first: Int
  /// Of each pair its picture: the place of the source's own that shows it, else a number behind all of
  /// these, one a picture.
  public let pictures: [Int]

  public init(language: String, first: Int, pictures: [Int]) {
    (self.language, self.first, self.pictures) = (language, first, pictures)
  }
}

/// Pictures with captions, as training draws them. Asked from several threads at once.
public protocol PairSource: Sendable {
  /// Pictures.
  var count: Int { get }
  /// Pairs of other languages, which have places from `count` on, with one caption each.
  var mixed: [MixedCaptions] { get }
  /// The dataset's folder, absolute; nil where there is none.
  var folder: String? { get }
  /// Captions of a picture, at least one.
  func captionCount(_ image: Int) -> Int
  /// Captions without a token of their own.
  var emptyCaptions: Int { get }
  /// Ids of one caption, framed by start and end.
  func tokens(_ image: Int, caption: Int) -> [Int32]
  /// As decoded, any size.
  func picture(_ image: Int) throws -> Picture
  /// SHA-256 of what a picture is decoded from; nil where there is nothing to know it by.
  func pictureHash(_ image: Int) throws -> [UInt8]?
  /// Pictures that will be asked for next: a source that reads files may begin.
  func announce(_ images: [Int])
}

extension PairSource {
  public var mixed: [MixedCaptions] { [] }

  /// Places of all pairs, those of other languages with them.
  var allPlaces: Int { mixed.reduce(count) { $0 + $1.pictures.count } }

  public func announce(_ images: [Int]) {}
  public func pictureHash(_ image: Int) throws -> [UInt8]? { nil }
  public var emptyCaptions: Int { 0 }
  public var folder: String? { nil }
}
