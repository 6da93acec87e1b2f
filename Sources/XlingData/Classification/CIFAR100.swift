import Foundation
import XlingCore

extension LabelledPictures {
  private static let side = 32

  /// CIFAR-100's binary version (Krizhevsky 2009): `test.bin` and `train.bin`, a record a picture of coarse label, fine
  /// label, and 32 x 32 values of red, of green, of blue; `fine_label_names.txt`, a name a line. The
  /// fine labels are the classes, their names English.
  static func cifar100(_ folder: String, _ split: Split = .test) throws -> LabelledPictures {
    let classes = try labelNames(folder + "/fine_label_names.txt")
    let path = folder + "/\(split.rawValue).bin"
    let data = try AtomicFile.read(path, hint: "It is part of cifar-100-binary.tar.gz.")
    let bytes = [UInt8](data)
    let plane = side * side
    let record = 2 + 3 * plane
    guard !bytes.isEmpty, bytes.count % record == 0 else {
      throw ClassificationFailure.badFile(
        path: path, expected: "records of \(record) bytes", found: "\(bytes.count) bytes")
    }
    var pictures: [Source] = []
    var labels: [Int32] = []
    for start in stride(from: 0, to: bytes.count, by: record) {
      let label = Int(bytes[start + 1])
      guard label < classes.count else {
        throw ClassificationFailure.badFile(
          path: path, expected: "fine labels under \(classes.count)",
          found: "\(label) in record \(start / record)")
      }
      labels.append(Int32(label))
      let pixels = [UInt8](unsafeUninitializedCapacity: 3 * plane) { target, filled in
        for pixel in 0..<plane {
          for channel in 0..<3 {
            target[3 * pixel + channel] = bytes[start + 2 + channel * plane + pixel]
          }
        }
        filled = 3 * plane
      }
      pictures.append(.pixels(Picture(width: side, height: side, pixels: pixels)))
    }
    var names: [String: [String: [String]]] = [:]
    for name in classes {
      names[name] = ["en": [name.replacingOccurrences(of: "_", with: " ")]]
    }
    return LabelledPictures(
      name: "cifar100", classes: classes, pictures: pictures, labels: labels,
      contentHash: Digest.of(data),
      names: ClassNames(origin: folder + "/fine_label_names.txt", names: names))
  }

  private static func labelNames(_ path: String) throws -> [String] {
    var names = DatasetReader.lines(try AtomicFile.read(path)).map {
      String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespaces)
    }
    while names.last == "" { names.removeLast() }
    guard !names.isEmpty, !names.contains(""), Set(names).count == names.count else {
      throw ClassificationFailure.badFile(
        path: path, expected: "a name of its own on each line", found: "others")
    }
    return names
  }
}
