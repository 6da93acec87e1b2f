import CKernels
import XlingTensor

/// The symmetric contrastive loss (Radford et al. 2021, figure 3): the mean of image-to-text and
/// text-to-image cross-entropy over the batch.
public enum InfoNCE {
  public struct Result {
    public let loss: Float
    /// Gradients of the normalized embeddings, [batch, width] each.
    public let dImages: Matrix
    public let dTexts: Matrix
    public let dTemperature: Float
  }

  /// `images` and `texts` [batch, width], rows of unit length; row i of one belongs to row i of the
  /// other. Logits are cosine / temperature.
  public static func forwardBackward(
    images: Matrix, texts: Matrix, temperature: Float, in workspace: Workspace
  ) -> Result {
    let batch = images.rows
    let targets = (0..<Int32(batch)).map { $0 }
    let logits = workspace.take(batch, batch)
    Matmul.multiply(images, texts, into: logits, transposeB: true, alpha: 1 / temperature)
    let rows = workspace.take(batch, batch)
    Elementwise.copy(logits, into: rows)
    let columns = workspace.take(batch, batch)
    Matmul.multiply(texts, images, into: columns, transposeB: true, alpha: 1 / temperature)
    var lossRows = [Float](repeating: 0, count: batch)
    var lossColumns = lossRows
    xk_softmax_cross_entropy(rows.pointer, targets, &lossRows, Int64(batch), Int64(batch))
    xk_softmax_cross_entropy(columns.pointer, targets, &lossColumns, Int64(batch), Int64(batch))

    // d logits = (softmax over texts + softmax over images - 2 on the diagonal) / (2 batch)
    let scale = 0.5 / Float(batch)
    var dTemperature = 0.0
    for i in 0..<batch {
      for j in 0..<batch {
        let gold: Float = i == j ? 2 : 0
        let gradient = (rows[i, j] + columns[j, i] - gold) * scale
        rows[i, j] = gradient
        dTemperature -= Double(gradient) * Double(logits[i, j])
      }
    }
    let dImages = workspace.take(batch, images.columns)
    Matmul.multiply(rows, texts, into: dImages, alpha: 1 / temperature)
    let dTexts = workspace.take(batch, texts.columns)
    Matmul.multiply(rows, images, into: dTexts, transposeA: true, alpha: 1 / temperature)
    let total = zip(lossRows, lossColumns).reduce(0.0) { $0 + Double($1.0) + Double($1.1) }
    return Result(
      loss: Float(total * Double(scale)), dImages: dImages, dTexts: dTexts,
      dTemperature: Float(dTemperature / Double(temperature)))
  }
}
