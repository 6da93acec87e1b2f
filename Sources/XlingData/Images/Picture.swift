import CImageCodecs
import Foundation
import XlingCore

/// Eight-bit RGB, interleaved, row-major: `pixels` holds height x width x 3 bytes.
public struct Picture: Sendable, Equatable {
  public let width: Int
  public let height: Int
  public var pixels: [UInt8]

  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height * 3)
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// One colour everywhere.
  public init(width: Int, height: Int, red: UInt8 = 0, green: UInt8 = 0, blue: UInt8 = 0) {
    precondition(width > 0 && height > 0)
    self.width = width
    self.height = height
    pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      for pixel in 0..<width * height {
        buffer[3 * pixel] = red
        buffer[3 * pixel + 1] = green
        buffer[3 * pixel + 2] = blue
      }
      count = width * height * 3
    }
  }
}

/// Eight-bit RGBA with straight (not premultiplied) alpha, height x width x 4 bytes.
public struct RGBAPicture: Sendable, Equatable {
  public let width: Int
  public let height: Int
  public let pixels: [UInt8]

  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height * 4)
    self.width = width
    self.height = height
    self.pixels = pixels
  }
}

/// How coarsely a JPEG stores colour.
public enum ChromaSubsampling: Int32, Sendable {
  /// 4:4:4: a colour sample a pixel.
  case none = 1
  /// 4:2:0: a colour sample every 2 x 2 pixels.
  case half = 2
}

extension Picture {
  /// The bytes of a baseline JPEG file. The same pixels give the same bytes.
  /// Throws ``ImageFailure/cannotEncode(kind:reason:)``.
  public func jpeg(
    quality: Int = 90, chroma: ChromaSubsampling = .half
  ) throws(ImageFailure) -> Data {
    var file = xling_file()
    defer { xling_file_free(&file) }
    _ = pixels.withUnsafeBufferPointer {
      xling_jpeg_encode(
        $0.baseAddress, UInt32(width), UInt32(height), Int32(quality), chroma.rawValue, &file)
    }
    return try encoded(file, kind: .jpeg)
  }

  /// The bytes of a PNG file. Throws ``ImageFailure/cannotEncode(kind:reason:)``.
  public func png() throws(ImageFailure) -> Data {
    try pngData(pixels, width: width, height: height, channels: 3)
  }
}

extension RGBAPicture {
  /// The bytes of a PNG file. Throws ``ImageFailure/cannotEncode(kind:reason:)``.
  public func png() throws(ImageFailure) -> Data {
    try pngData(pixels, width: width, height: height, channels: 4)
  }
}

private func pngData(
  _ pixels: [UInt8], width: Int, height: Int, channels: Int32
) throws(ImageFailure) -> Data {
  var file = xling_file()
  defer { xling_file_free(&file) }
  _ = pixels.withUnsafeBufferPointer {
    xling_png_encode($0.baseAddress, UInt32(width), UInt32(height), channels, &file)
  }
  return try encoded(file, kind: .png)
}

private func encoded(_ file: xling_file, kind: PictureKind) throws(ImageFailure) -> Data {
  guard file.code == XLING_IMAGE_OK, let bytes = file.bytes else {
    throw .cannotEncode(kind: kind, reason: ImageFailure.text(file.message))
  }
  return Data(bytes: bytes, count: file.count)
}
