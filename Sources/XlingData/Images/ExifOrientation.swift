import Foundation

/// How a picture has to be turned to stand upright; the numbers are those of EXIF tag 0x0112.
public enum ExifOrientation: UInt16, Sendable, CaseIterable {
  case upright = 1
  case mirrored = 2
  case upsideDown = 3
  case flippedVertically = 4
  /// Rows become columns.
  case transposed = 5
  case turnedClockwise = 6
  /// Mirrored at the other diagonal.
  case transversed = 7
  case turnedCounterclockwise = 8

  /// As the file says: APP1 of a JPEG, `eXIf` of a PNG, `EXIF` of a WebP. nil when it says nothing
  /// that can be read; XMP is not looked at.
  static func of(_ data: Data, _ kind: PictureKind) -> ExifOrientation? {
    let file = ByteReader(data)
    let block: ByteReader? =
      switch kind {
      case .jpeg: jpegBlock(file)
      case .png: chunk("eXIf", in: file, from: 8, littleEndian: false, lengthFirst: true)
      case .webp: chunk("EXIF", in: file, from: 12, littleEndian: true, lengthFirst: false)
      default: nil
      }
    return block.flatMap(orientation)
  }

  /// Segments up to the first scan: FF, marker, two bytes of length that count themselves.
  private static func jpegBlock(_ file: ByteReader) -> ByteReader? {
    var at = 2
    while let fill = file.byte(at), let marker = file.byte(at + 1) {
      guard fill == 0xff else { return nil }
      if marker == 0xff {
        at += 1
        continue
      }
      guard marker != 0xda, marker != 0xd9, let length = file.integer(at + 2, bytes: 2), length >= 2
      else { return nil }
      if marker == 0xe1, let body = file.part(at + 4, length - 2), body.starts(with: "Exif\0\0") {
        return body.part(6, length - 8)
      }
      at += 2 + length
    }
    return nil
  }

  /// Chunks of PNG (length, name, body, checksum) or RIFF (name, length, body, padded to even).
  private static func chunk(
    _ name: String, in file: ByteReader, from start: Int, littleEndian: Bool, lengthFirst: Bool
  ) -> ByteReader? {
    var at = start
    while let length = file.integer(
      at + (lengthFirst ? 0 : 4), bytes: 4, littleEndian: littleEndian),
      let tag = file.part(at + (lengthFirst ? 4 : 0), 4)
    {
      if tag.starts(with: name) {
        guard let body = file.part(at + 8, length) else { return nil }
        return body.starts(with: "Exif\0\0") ? body.part(6, length - 6) : body
      }
      at += 8 + (lengthFirst ? length + 4 : length + length % 2)
    }
    return nil
  }

  /// A TIFF header, then twelve bytes an entry of the first directory.
  private static func orientation(_ tiff: ByteReader) -> ExifOrientation? {
    let little = tiff.starts(with: "II")
    guard little || tiff.starts(with: "MM"),
      tiff.integer(2, bytes: 2, littleEndian: little) == 42,
      let directory = tiff.integer(4, bytes: 4, littleEndian: little),
      let entries = tiff.integer(directory, bytes: 2, littleEndian: little)
    else { return nil }
    for index in 0..<entries {
      let at = directory + 2 + 12 * index
      guard let tag = tiff.integer(at, bytes: 2, littleEndian: little) else { return nil }
      guard tag == 0x0112 else { continue }
      // Type 3 is a 16-bit integer, whose one value lies in the entry itself.
      guard tiff.integer(at + 2, bytes: 2, littleEndian: little) == 3,
        let value = tiff.integer(at + 8, bytes: 2, littleEndian: little)
      else { return nil }
      return ExifOrientation(rawValue: UInt16(value))
    }
    return nil
  }
}

/// Bytes that nobody vouches for: every access says whether they are there.
private struct ByteReader {
  private let bytes: Data

  init(_ bytes: Data) { self.bytes = bytes }

  func byte(_ at: Int) -> UInt8? {
    at >= 0 && at < bytes.count ? bytes[bytes.startIndex + at] : nil
  }

  func part(_ at: Int, _ count: Int) -> ByteReader? {
    guard at >= 0, count >= 0, at <= bytes.count, count <= bytes.count - at else { return nil }
    return ByteReader(bytes[bytes.startIndex + at..<bytes.startIndex + at + count])
  }

  func starts(with text: String) -> Bool { bytes.starts(with: text.utf8) }

  func integer(_ at: Int, bytes count: Int, littleEndian: Bool = false) -> Int? {
    var value = 0
    for index in 0..<count {
      guard let byte = byte(at + (littleEndian ? count - 1 - index : index)) else { return nil }
      value = value << 8 | Int(byte)
    }
    return value
  }
}

extension Picture {
  /// As Pillow's `ImageOps.exif_transpose` does for this orientation.
  public func turned(_ orientation: ExifOrientation) -> Picture {
    let (w, h) = (width, height)
    return switch orientation {
    case .upright: self
    case .mirrored: rearranged(w, h) { x, y in (w - 1 - x, y) }
    case .upsideDown: rearranged(w, h) { x, y in (w - 1 - x, h - 1 - y) }
    case .flippedVertically: rearranged(w, h) { x, y in (x, h - 1 - y) }
    case .transposed: rearranged(h, w) { x, y in (y, x) }
    case .turnedClockwise: rearranged(h, w) { x, y in (y, h - 1 - x) }
    case .transversed: rearranged(h, w) { x, y in (w - 1 - y, h - 1 - x) }
    case .turnedCounterclockwise: rearranged(h, w) { x, y in (w - 1 - y, x) }
    }
  }

  /// Mirrored left to right.
  public func flipped() -> Picture { turned(.mirrored) }

  /// `source` names the pixel (x, y) that goes to a place of the result.
  @inline(__always)
  private func rearranged(
    _ newWidth: Int, _ newHeight: Int, _ source: (_ x: Int, _ y: Int) -> (x: Int, y: Int)
  ) -> Picture {
    var result = Picture(width: newWidth, height: newHeight)
    result.pixels.withUnsafeMutableBufferPointer { target in
      pixels.withUnsafeBufferPointer { pixels in
        var to = 0
        for y in 0..<newHeight {
          for x in 0..<newWidth {
            let at = source(x, y)
            let from = (at.y * width + at.x) * 3
            target[to] = pixels[from]
            target[to + 1] = pixels[from + 1]
            target[to + 2] = pixels[from + 2]
            to += 3
          }
        }
      }
    }
    return result
  }
}
