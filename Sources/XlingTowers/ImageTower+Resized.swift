import XlingTensor

extension ImageTower {
  /// Attention over all patches of a larger picture exceeds any memory.
  private static let largestPicture = 1 << 14

  /// The same tower for pictures of another size. Weights are shared with this one; rotary positions follow
  /// by themselves.
  func resized(
    to imageSize: Int, _ interpolation: PositionInterpolation, path: String
  ) throws -> ImageTower {
    let patch = configuration.patchSize
    guard imageSize >= patch, imageSize <= Self.largestPicture,
      imageSize % patch == 0 || configuration.imageSize % patch != 0
    else {
      throw TowerFailure.input(
        path: path,
        reason:
          "pictures of \(imageSize) pixels are no whole number of patches of \(patch), or larger "
          + "than \(Self.largestPicture)")
    }
    var larger = configuration
    larger.imageSize = imageSize
    let tower = ImageTower(larger)
    tower.pooling = pooling
    for (own, old) in zip(tower.checkpointParameters, checkpointParameters)
    where own.shape == old.shape { own.borrow(old.value, from: old) }
    // A table for as many patches is the same table.
    guard configuration.positions > 0, larger.positions != configuration.positions else {
      return tower
    }
    let table = interpolation.apply(
      Array(positionEmbeddings.values), prefix: configuration.positionedTokens,
      source: configuration.grid, rows: larger.grid, columns: larger.grid, width: width)
    for (index, value) in table.enumerated() { tower.positionEmbeddings.value[index] = value }
    return tower
  }
}
