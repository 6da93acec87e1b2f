import XlingCore

/// Pictures to the values that an image tower reads, on all threads.
public struct PixelLoader {
  let preprocessing: ImagePreprocessing
  let augmentation: ImageAugmentation?
  let seed: UInt64
  /// So many augmented views of each picture, and no others; nil: a new one at every step.
  let viewCount: Int?

  public init(
    preprocessing: ImagePreprocessing, augmentation: ImageAugmentation? = nil, seed: UInt64 = 0,
    views: Int? = nil
  ) {
    self.preprocessing = preprocessing
    self.augmentation = augmentation
    self.seed = seed
    viewCount = views
  }

  /// Values of one picture.
  public var elementCount: Int { preprocessing.elementCount }

  /// Fills `pixels`, [images, ``elementCount``]. `step` and the rows of its batch, from `firstRow` on,
  /// address the augmentation; no step means none (validation, frozen towers). Throws the failure of the
  /// first picture that has one.
  public func load(
    _ images: [Int], step: Int?, firstRow: Int = 0, into pixels: UnsafeMutablePointer<Float>,
    picture: (Int) throws -> Picture
  ) throws {
    try load(images, into: pixels, picture: picture) { row in
      step.map { RandomStream(seed: seed, "augment", $0, firstRow + row) }
    }
  }

  /// The same with one of its views of each picture: a function of the picture's place and the view's number,
  /// whatever the seed, so that runs share them. Without views as without a step.
  public func load(
    _ images: [Int], views: [Int], into pixels: UnsafeMutablePointer<Float>,
    picture: (Int) throws -> Picture
  ) throws {
    try load(images, into: pixels, picture: picture) { row in
      viewCount.map { _ in RandomStream(seed: 0, "view", images[row], views[row]) }
    }
  }

  /// What a view is known by beside the picture; empty without views.
  public func viewDescription(of image: Int, _ view: Int) -> String {
    guard viewCount != nil, let augmentation else { return "" }
    return ", view \(view) of picture \(image) by \(augmentation)"
  }

  private func load(
    _ images: [Int], into pixels: UnsafeMutablePointer<Float>, picture: (Int) throws -> Picture,
    stream: (_ row: Int) -> RandomStream?
  ) throws {
    let size = preprocessing.elementCount
    var failures = [(any Error)?](repeating: nil, count: images.count)
    failures.withUnsafeMutableBufferPointer { failures in
      // A slot is one thread's; they are read when all threads are done.
      nonisolated(unsafe) let failures = failures
      nonisolated(unsafe) let pixels = pixels
      Parallel.ranges(images.count, grain: 1) { rows in
        for row in rows {
          do {
            write(try picture(images[row]), stream(row), to: pixels + row * size)
          } catch { failures[row] = error }
        }
      }
    }
    if let failure = failures.lazy.compactMap({ $0 }).first { throw failure }
  }

  private func write(
    _ picture: Picture, _ stream: RandomStream?, to tensor: UnsafeMutablePointer<Float>
  ) {
    guard let augmentation, var stream else {
      preprocessing.write(picture, to: tensor)
      return
    }
    preprocessing.normalize(
      augmentation.apply(
        to: picture, size: preprocessing.size, filter: preprocessing.filter, stream: &stream),
      to: tensor)
  }
}
