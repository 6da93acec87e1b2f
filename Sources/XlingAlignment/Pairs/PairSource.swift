import XlingData

/// Pictures with captions, as training draws them. Asked from several threads at once.
public protocol PairSource: Sendable {
  /// Pictures.
  var count: Int { get }
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
  public func announce(_ images: [Int]) {}
  public func pictureHash(_ image: Int) throws -> [UInt8]? { nil }
  public var emptyCaptions: Int { 0 }
  public var folder: String? { nil }
}
