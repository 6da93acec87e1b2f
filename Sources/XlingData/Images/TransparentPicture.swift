import CImageCodecs
import Foundation
import XlingCore

extension RGBAPicture {
  /// Reads a PNG file with its transparency, which ``Picture/decode(_:name:reading:)`` drops as Pillow
  /// does. Throws ``ImageFailure`` or `FileFailure`.
  static func load(png path: String) throws -> RGBAPicture {
    let data = try AtomicFile.read(path)
    let kind = try PictureKind.recognize(data, name: path)
    guard kind == .png else { throw ImageFailure.unsupported(path: path, kind: kind) }
    var image = xling_image()
    _ = data.withUnsafeBytes { file in
      xling_png_size(file.bindMemory(to: UInt8.self).baseAddress, file.count, &image)
    }
    if let failure = ImageFailure(image, kind: .png, name: path) { throw failure }
    let (pixels, overflows) = image.width.multipliedReportingOverflow(by: image.height)
    guard !overflows, pixels <= UInt64(Picture.pixelLimit) else {
      throw ImageFailure.tooLarge(
        path: path, width: image.width, height: image.height, limit: Picture.pixelLimit)
    }
    let count = Int(pixels) * 4
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      _ = data.withUnsafeBytes { file in
        xling_png_decode_rgba(
          file.bindMemory(to: UInt8.self).baseAddress, file.count, target.baseAddress, &image)
      }
      initialized = image.code == XLING_IMAGE_OK ? count : 0
    }
    if let failure = ImageFailure(image, kind: .png, name: path) { throw failure }
    return RGBAPicture(width: Int(image.width), height: Int(image.height), pixels: bytes)
  }

  /// What is seen of it on white.
  func onWhite() -> Picture {
    let count = width * height
    let flat = [UInt8](unsafeUninitializedCapacity: count * 3) { target, initialized in
      for pixel in 0..<count {
        let alpha = Int(pixels[4 * pixel + 3])
        for channel in 0..<3 {
          let value = Int(pixels[4 * pixel + channel]) * alpha + 255 * (255 - alpha)
          target[3 * pixel + channel] = UInt8((value + 127) / 255)
        }
      }
      initialized = count * 3
    }
    return Picture(width: width, height: height, pixels: flat)
  }
}
