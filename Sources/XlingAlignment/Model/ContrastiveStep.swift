import XlingOptimization
import XlingTensor

extension DualEncoder {
  /// The two sides of some pairs of a batch.
  public typealias PairInputs = (texts: TextInput, images: ImageInput)

  /// The loss of a batch whose caption i belongs to picture i; adds to the gradients of what is
  /// trained.
  public func forwardBackward(
    texts: TextInput, images: ImageInput, in workspace: Workspace
  ) -> Float {
    let textSide = textSide(texts, in: workspace)
    let imageSide = imageSide(images, in: workspace)
    let result = InfoNCE.forwardBackward(
      images: imageSide.embeddings, texts: textSide.embeddings,
      temperature: temperature.value.pointee, in: workspace)
    temperature.gradient?.pointee += result.dTemperature
    imageSide.backward(result.dImages, workspace)
    textSide.backward(result.dTexts, workspace)
    return result.loss
  }

  /// The same loss and, but for the order of float32 sums, the same gradients of a batch of `count`
  /// pairs of which only `chunk` are in the towers at once (GradCache, Gao et al. 2021): all
  /// embeddings are computed first, the loss gives their gradients, and each chunk is then computed
  /// again with what its way back needs. Every pair keeps the whole batch's negatives. `draw` is
  /// asked twice for each range of rows and must answer alike. Throws what `draw` throws.
  public func forwardBackward(
    count: Int, chunk: Int, in workspace: Workspace,
    draw: (Range<Int>) throws -> PairInputs
  ) rethrows -> Float {
    guard chunk < count else {
      let batch = try draw(0..<count)
      return forwardBackward(texts: batch.texts, images: batch.images, in: workspace)
    }
    let chunks = stride(from: 0, to: count, by: chunk).map { $0..<min($0 + chunk, count) }
    let texts = workspace.take(count, embeddingWidth)
    let images = workspace.take(count, embeddingWidth)
    for rows in chunks {
      let mark = workspace.mark()
      defer { workspace.release(to: mark) }
      let batch = try draw(rows)
      let textSide = textSide(
        batch.texts, firstPair: rows.lowerBound, training: false, in: workspace)
      Elementwise.copy(textSide.embeddings, into: texts.slice(rows: rows))
      let imageSide = imageSide(
        batch.images, firstPair: rows.lowerBound, training: false, in: workspace)
      Elementwise.copy(imageSide.embeddings, into: images.slice(rows: rows))
    }
    let result = InfoNCE.forwardBackward(
      images: images, texts: texts, temperature: temperature.value.pointee, in: workspace)
    temperature.gradient?.pointee += result.dTemperature
    for rows in chunks {
      let mark = workspace.mark()
      defer { workspace.release(to: mark) }
      let batch = try draw(rows)
      imageSide(batch.images, firstPair: rows.lowerBound, in: workspace)
        .backward(result.dImages.slice(rows: rows), workspace)
      textSide(batch.texts, firstPair: rows.lowerBound, in: workspace)
        .backward(result.dTexts.slice(rows: rows), workspace)
    }
    return result.loss
  }

  /// `firstPair` is the batch's number of the first pair given.
  private func textSide(
    _ input: TextInput, firstPair: Int = 0, training: Bool = true, in workspace: Workspace
  ) -> EncodedSide {
    EncodedSide(
      input, of: self, dropout: dropout?.text(of: self, firstSequence: firstPair),
      noise: noise?.text(firstPair: firstPair), training: training, in: workspace)
  }

  private func imageSide(
    _ input: ImageInput, firstPair: Int = 0, training: Bool = true, in workspace: Workspace
  ) -> EncodedSide {
    EncodedSide(
      input, of: self, dropout: dropout?.image(of: self, firstSequence: firstPair),
      noise: noise?.image(firstPair: firstPair), training: training, in: workspace)
  }
}
