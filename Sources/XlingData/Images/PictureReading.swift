import CImageCodecs
import Foundation
import XlingCore

/// How picture files are read: what can be decided differently and changes pixels.
public struct PictureReading: Codable, Sendable, Equatable {
  /// What the EXIF orientation of a file does.
  public enum Orientation: String, Codable, Sendable, CaseIterable {
    /// Nothing, as in LilT and in Pillow's `Image.open`.
    case ignore
    /// The picture is turned upright, as by Pillow's `ImageOps.exif_transpose`.
    case apply
  }

  /// What happens to a picture whose pixel data stop early or are damaged.
  public enum Truncated: String, Codable, Sendable, CaseIterable {
    /// It is refused.
    case strict
    /// It is decoded as far as it goes, as in LilT, which sets Pillow's `LOAD_TRUNCATED_IMAGES`:
    /// what a PNG lacks is black (its palette's first colour), what a JPEG lacks is mostly grey.
    /// A picture whose header is damaged is refused all the same.
    case lilt
  }

  public var orientation: Orientation
  public var truncated: Truncated
  /// Pictures whose header claims more pixels are refused before anything is allocated.
  public var pixelLimit: Int

  /// Throws what decoding throws, also for a limit below one.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    orientation = try keys.decode(Orientation.self, forKey: .orientation)
    truncated = try keys.decode(Truncated.self, forKey: .truncated)
    pixelLimit = try keys.decode(.pixelLimit, in: 1...Int.largestCount)
  }

  public init(
    orientation: Orientation = .ignore, truncated: Truncated = .strict,
    pixelLimit: Int = Picture.pixelLimit
  ) {
    self.orientation = orientation
    self.truncated = truncated
    self.pixelLimit = pixelLimit
  }

  /// A decoded file.
  public struct Result: Sendable, Equatable {
    public let picture: Picture
    public let kind: PictureKind
    /// What was wrong with a picture that ``Truncated/lilt`` let pass.
    public let damage: String?
  }

  /// `name` is what an error calls the data. Throws ``ImageFailure``.
  public func decode(_ data: Data, name: String) throws(ImageFailure) -> Result {
    let kind = try PictureKind.recognize(data, name: name)
    let decoder = PictureDecoder(kind: kind, lenient: truncated == .lilt)
    var (picture, damage) = try decoder.decode(data, pixelLimit: pixelLimit, name: name)
    if orientation == .apply, let turn = ExifOrientation.of(data, kind) {
      picture = picture.turned(turn)
    }
    return Result(picture: picture, kind: kind, damage: damage)
  }

  /// Throws ``ImageFailure`` or `FileFailure`.
  public func load(path: String) throws -> Result {
    try decode(try AtomicFile.read(path, hint: "Check the path of the picture."), name: path)
  }
}

extension Picture {
  /// Pillow refuses a picture of more than twice 1024^3 / 4 / 3 pixels as a decompression bomb.
  public static let pixelLimit = 178_956_970

  /// Reads a JPEG, PNG or WebP file, told apart by its first bytes, never by its name. The pixels
  /// equal Pillow's `Image.open(path).convert("RGB")`. Throws ``ImageFailure`` or `FileFailure`.
  public static func load(path: String, reading: PictureReading = PictureReading()) throws
    -> Picture
  {
    try reading.load(path: path).picture
  }

  /// `name` is what an error calls the data. Throws ``ImageFailure``.
  public static func decode(
    _ data: Data, name: String, reading: PictureReading = PictureReading()
  ) throws(ImageFailure) -> Picture {
    try reading.decode(data, name: name).picture
  }
}

/// The door to the C decoders.
private struct PictureDecoder {
  let kind: PictureKind
  let lenient: Bool

  func decode(_ data: Data, pixelLimit: Int, name: String) throws(ImageFailure)
    -> (Picture, damage: String?)
  {
    var image = xling_image()
    data.withUnsafeBytes { size($0.bindMemory(to: UInt8.self), &image) }
    if let failure = ImageFailure(image, kind: kind, name: name) { throw failure }
    let (pixels, overflows) = image.width.multipliedReportingOverflow(by: image.height)
    guard !overflows, pixels <= UInt64(pixelLimit) else {
      throw .tooLarge(
        path: name, width: image.width, height: image.height, limit: pixelLimit)
    }
    let count = Int(pixels) * 3
    // Straight into the array: a failure throws it away unread.
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      data.withUnsafeBytes { read($0.bindMemory(to: UInt8.self), target.baseAddress, &image) }
      initialized = image.code == XLING_IMAGE_OK ? count : 0
    }
    if let failure = ImageFailure(image, kind: kind, name: name) { throw failure }
    let picture = Picture(width: Int(image.width), height: Int(image.height), pixels: bytes)
    let message = ImageFailure.text(image.message)
    return (picture, message.isEmpty ? nil : message)
  }

  private func size(_ file: UnsafeBufferPointer<UInt8>, _ image: inout xling_image) {
    switch kind {
    case .png: _ = xling_png_size(file.baseAddress, file.count, &image)
    case .webp: _ = xling_webp_size(file.baseAddress, file.count, &image)
    default: _ = xling_jpeg_size(file.baseAddress, file.count, &image)
    }
  }

  private func read(
    _ file: UnsafeBufferPointer<UInt8>, _ pixels: UnsafeMutablePointer<UInt8>?,
    _ image: inout xling_image
  ) {
    let policy = Int32(lenient ? XLING_IMAGE_LENIENT : XLING_IMAGE_STRICT)
    switch kind {
    case .png: _ = xling_png_decode(file.baseAddress, file.count, policy, pixels, &image)
    case .webp: _ = xling_webp_decode(file.baseAddress, file.count, pixels, &image)
    default: _ = xling_jpeg_decode(file.baseAddress, file.count, policy, pixels, &image)
    }
  }
}
