import XlingData

/// Pictures of one class each, as training draws them. Asked from several threads at once.
public protocol LabelledSource: Sendable {
  var count: Int { get }
  /// The class of a picture, a row of the head.
  func label(_ image: Int) -> Int32
  /// As decoded, any size.
  func picture(_ image: Int) throws -> Picture
  /// SHA-256 of what a picture is decoded from.
  func pictureHash(_ image: Int) throws -> [UInt8]
  /// Pictures that will be asked for next.
  func announce(_ images: [Int])
}
