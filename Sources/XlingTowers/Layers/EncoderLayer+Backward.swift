import XlingTensor

extension EncoderLayer {
  /// From the gradient of the rows that left the layer. Adds to the gradients of what is trained;
  /// writes the input's gradient, of all rows, to `dx` when asked. With `dx` nil nothing below the lowest trained parameter of this layer is computed.
  func backward(
    _ saved: Saved, _ layout: SequenceLayout, dy: Matrix, dx: Matrix?, in workspace: Workspace
  ) {
    let mark = workspace.mark()
    defer { workspace.release(to: mark) }
    switch arrangement {
    case .postNorm: backwardPostNorm(saved, layout, dy, dx, workspace)
    case .preNorm: backwardPreNorm(saved, layout, dy, dx, workspace)
    }
  }

  /// The gradient before the adapter of a site; dy itself where there is none.
  private func unadapt(
    _ site: AdapterSite, _ saved: Saved, _ dy: Matrix, _ workspace: Workspace
  ) -> Matrix {
    guard let adapter = adapters[site], let kept = saved.adapters[site] else { return dy }
    let dx = workspace.take(dy.rows, dy.columns)
    adapter.backward(kept, dy: dy, into: dx, in: workspace)
    return dx
  }

  /// The gradient before a branch's dropout; dy itself without.
  private func undrop(
    _ site: RowDropout.Site, _ saved: Saved, _ dy: Matrix, _ workspace: Workspace
  ) -> Matrix {
    guard let dropout = saved.dropout?.hidden(site, rows: saved.rows) else { return dy }
    let dx = workspace.take(dy.rows, dy.columns)
    Elementwise.copy(dy, into: dx)
    dropout.apply(to: dx)
    return dx
  }

  private func backwardPostNorm(
    _ saved: Saved, _ layout: SequenceLayout, _ dy: Matrix, _ dx: Matrix?, _ workspace: Workspace
  ) {
    let dtotal = workspace.take(dy.rows, dy.columns)
    feedForwardNorm.backward(saved.feedForwardNorm, dy: dy, dx: dtotal)
    let dsecond = undrop(
      .feedForwardOutput, saved, unadapt(.feedForward, saved, dtotal, workspace), workspace)
    let attentionTrained = attention.isTrainable || adapters[.attention] != nil
    let below = dx != nil || attentionTrained || attentionNorm?.isTrainable == true
    // dtotal is also the residual's gradient, so the branch adds to it; the adapter's output
    // gradient may be dtotal itself and is read before that.
    feedForward.backward(
      saved.feedForward, dy: dsecond, dx: below ? dtotal : nil, accumulate: true, in: workspace)
    guard below else { return }

    // With all rows read, the residual's gradient begins the input's.
    let whole = saved.rows == nil ? dx : nil
    let dsum = whole ?? workspace.take(dy.rows, dy.columns)
    if let attentionNorm, let kept = saved.attentionNorm {
      attentionNorm.backward(kept, dy: dtotal, dx: dsum)
    }
    guard dx != nil || attentionTrained else { return }
    let dbranch = undrop(
      .attentionOutput, saved, unadapt(.attention, saved, dsum, workspace), workspace)
    if let dx, let rows = saved.rows { spread(dsum, rows, over: dx) }
    attention.backward(
      saved.attention, layout, dy: dbranch, addingTo: dx, in: workspace)
  }

  private func backwardPreNorm(
    _ saved: Saved, _ layout: SequenceLayout, _ dy: Matrix, _ dx: Matrix?, _ workspace: Workspace
  ) {
    // middle's gradient: the residual, then what comes back through the feed-forward branch.
    let dmiddle = (saved.rows == nil ? dx : nil) ?? workspace.take(dy.rows, dy.columns)
    Elementwise.copy(dy, into: dmiddle)
    workspace.scope {
      let dsecond = workspace.take(dy.rows, dy.columns)
      feedForward.backward(
        saved.feedForward,
        dy: undrop(
          .feedForwardOutput, saved,
          unscale(feedForwardScale, saved.feedForwardBranch, dy, workspace), workspace),
        dx: dsecond, accumulate: false, in: workspace)
      normBackward(
        .feedForward, feedForwardNorm, saved.feedForwardNorm, saved, dsecond, dmiddle, workspace)
    }

    let attentionTrained =
      attention.isTrainable || attentionNorm?.isTrainable == true || adapters[.attention] != nil
      || attentionScale?.isTrainable == true
    guard dx != nil || attentionTrained else { return }
    let dnormal = workspace.zeros(layout.rows, dy.columns)
    attention.backward(
      saved.attention, layout,
      dy: undrop(
        .attentionOutput, saved,
        unscale(attentionScale, saved.attentionBranch, dmiddle, workspace), workspace),
      addingTo: dnormal, in: workspace)
    var dinput = dmiddle
    if let rows = saved.rows {
      dinput = dx ?? workspace.take(layout.rows, dy.columns)
      spread(dmiddle, rows, over: dinput)
    }
    normBackward(
      .attention, attentionNorm, saved.attentionNorm, saved, dnormal, dinput, workspace)
  }

  /// The gradient of the rows that were read becomes that of all: zero for the others.
  private func spread(_ dy: Matrix, _ rows: [Int], over dx: Matrix) {
    dx.clear()
    dx.scatterAdd(dy, rows: rows)
  }

  /// The gradient before a branch's factors; dy itself where there are none.
  private func unscale(
    _ scale: LayerScale?, _ branch: Matrix?, _ dy: Matrix, _ workspace: Workspace
  ) -> Matrix {
    guard let scale else { return dy }
    let dx = workspace.take(dy.rows, dy.columns)
    scale.backward(branch, dy: dy, dx: dx)
    return dx
  }

  /// Back through a branch's LayerNorm and the adapter before it, adding to the residual's gradient.
  private func normBackward(
    _ site: AdapterSite, _ norm: LayerNorm?, _ kept: LayerNorm.Saved?, _ saved: Saved,
    _ dy: Matrix, _ dx: Matrix, _ workspace: Workspace
  ) {
    guard let norm, let kept else {
      Elementwise.add(unadapt(site, saved, dy, workspace), to: dx)
      return
    }
    guard let adapter = adapters[site], let entered = saved.adapters[site]?.x else {
      norm.backward(kept, dy: dy, dx: dx, accumulate: true)
      return
    }
    let adapted = workspace.take(dy.rows, dy.columns)
    _ = adapter.forward(entered, into: adapted, in: workspace, saving: false)
    let dadapted = workspace.take(dy.rows, dy.columns)
    norm.backward(kept.reading(adapted), dy: dy, dx: dadapted)
    Elementwise.add(unadapt(site, saved, dadapted, workspace), to: dx)
  }
}
