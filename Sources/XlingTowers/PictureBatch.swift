import XlingTensor

/// Normalized pictures of a batch: [pictures, 3, size, size], planar.
public struct PictureBatch {
  public let pixels: UnsafePointer<Float>
  public let count: Int
  /// The patches given to the encoder, by index in row-major order, picture by picture; nil means
  /// all. Leaving out background patches saves time in pretraining (PatchDropout, Liu et al. 2022).
  public let patches: [[Int32]]?

  public init(pixels: UnsafePointer<Float>, count: Int, patches: [[Int32]]? = nil) {
    self.pixels = pixels
    self.count = count
    self.patches = patches
  }

  /// `count` pictures of `size` values each, which `fill` writes to memory of `workspace`.
  public init(
    _ count: Int, of size: Int, in workspace: Workspace,
    fill: (UnsafeMutablePointer<Float>) throws -> Void
  ) rethrows {
    let pixels = workspace.floats(count * size)
    try fill(pixels)
    self.init(pixels: pixels, count: count)
  }
}
