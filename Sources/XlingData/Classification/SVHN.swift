import Foundation
import XlingCore

extension LabelledPictures {
  /// SVHN's cropped digits (Netzer et al. 2011): `test_32x32.mat`, `train_32x32.mat` with `X`, 32 x 32 x 3 x n bytes, and
  /// `y`, n labels of 1 to 10, where 10 is the digit 0. The digits name themselves in any language.
  static func svhn(_ folder: String, _ split: Split = .test) throws -> LabelledPictures {
    let path = folder + "/\(split.rawValue)_32x32.mat"
    let data = try AtomicFile.read(path)
    let file = try MATFile(data, path: path, arrays: ["X", "y"])
    let values = try file.array("X")
    let numbers = try file.array("y")
    let count = values.dimensions.last ?? 0
    guard values.dimensions == [32, 32, 3, count], count > 0, let pixels = values.bytes else {
      throw ClassificationFailure.badFile(
        path: path, expected: "X of 32 x 32 x 3 x n bytes",
        found: values.dimensions.map(String.init).joined(separator: " x ") + " \(values.kind)")
    }
    guard let labels = numbers.integers, labels.count == count else {
      throw ClassificationFailure.badFile(
        path: path, expected: "y of \(count) whole numbers",
        found: numbers.dimensions.map(String.init).joined(separator: " x ") + " \(numbers.kind)")
    }
    if let wrong = labels.first(where: { !(1...10).contains($0) }) {
      throw ClassificationFailure.badFile(path: path, expected: "labels 1 to 10", found: "\(wrong)")
    }
    let classes = (0..<10).map(String.init)
    var names: [String: [String: [String]]] = [:]
    for digit in classes { names[digit] = [ClassNames.anyLanguage: [digit]] }
    return LabelledPictures(
      name: "svhn", classes: classes,
      pictures: (0..<count).map { .pixels(picture($0, of: pixels)) },
      labels: labels.map { Int32($0 % 10) }, contentHash: Digest.of(data),
      names: ClassNames(origin: path, names: names))
  }

  /// MATLAB stores the first index, the row, next to one another.
  private static func picture(_ number: Int, of values: ArraySlice<UInt8>) -> Picture {
    let side = 32
    let start = values.startIndex + number * 3 * side * side
    let pixels = [UInt8](unsafeUninitializedCapacity: 3 * side * side) { target, filled in
      for row in 0..<side {
        for column in 0..<side {
          for channel in 0..<3 {
            target[(row * side + column) * 3 + channel] =
              values[start + (channel * side + column) * side + row]
          }
        }
      }
      filled = 3 * side * side
    }
    return Picture(width: side, height: side, pixels: pixels)
  }
}
