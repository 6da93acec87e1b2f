import XlingTensor

/// One transformer layer, post-LN as in BERT or pre-LN as in ViT, with two adapter sites.
public final class EncoderLayer {
  /// Where the LayerNorms stand.
  public enum Arrangement: Sendable {
    /// h = LN(adapter(attention(x)) + x), y = LN(adapter(ffn(h)) + h) (BERT; Vaswani et al. 2017).
    case postNorm
    /// h = x + attention(LN(adapter(x))), y = h + ffn(LN(adapter(h))) (ViT, T5; LilT, section 3); with
    /// layer scale each branch is multiplied by its factors before it is added (DeiT-III).
    case preNorm
  }

  /// The name that its parameters begin with.
  public let name: String
  public let arrangement: Arrangement
  public var attention: SelfAttentionBlock
  public let feedForward: FeedForwardBlock
  /// nil in ModernBERT's first layer, whose input is normalized already.
  public let attentionNorm: LayerNorm?
  public let feedForwardNorm: LayerNorm
  /// Only in pre-LN layers.
  public let attentionScale: LayerScale?
  public let feedForwardScale: LayerScale?
  public var adapters: [AdapterSite: any AdapterModule] = [:]

  /// A layer without attention norm must be a pre-LN one.
  public init(
    _ name: String, names: LayerNames, arrangement: Arrangement, shape: Shape,
    hasAttentionNorm: Bool = true
  ) {
    precondition(hasAttentionNorm || arrangement == .preNorm)
    self.name = name
    self.arrangement = arrangement
    attention = SelfAttentionBlock(names: names, shape: shape)
    feedForward = FeedForwardBlock(names: names, shape: shape)
    attentionNorm =
      hasAttentionNorm
      ? LayerNorm(
        names.attentionNorm, width: shape.width, epsilon: shape.epsilon, form: shape.norm) : nil
    feedForwardNorm = LayerNorm(
      names.feedForwardNorm, width: shape.width, epsilon: shape.epsilon, form: shape.norm)
    let hasScale = shape.hasLayerScale && arrangement == .preNorm
    attentionScale = hasScale ? LayerScale(names.attentionScale, width: shape.width) : nil
    feedForwardScale = hasScale ? LayerScale(names.feedForwardScale, width: shape.width) : nil
  }

  /// The layer as it stands in a pretrained tower, from 0.
  func placed(at index: Int) -> EncoderLayer {
    for parameter in parameters { parameter.role.layer = index }
    return self
  }

  /// Whether a method put the whole layer on top of the pretrained ones.
  public var isInserted: Bool { parameters.contains(where: \.role.isInserted) }

  /// The layer's own parameters, without adapters.
  public var parameters: [Parameter] {
    attention.parameters + (attentionNorm?.parameters ?? []) + feedForward.parameters
      + feedForwardNorm.parameters + [attentionScale, feedForwardScale].compactMap(\.?.gamma)
  }

  public var adapterParameters: [Parameter] {
    AdapterSite.allCases.flatMap { adapters[$0]?.parameters ?? [] }
      + attention.lowRankUpdates.flatMap(\.parameters)
  }

  /// Of what was inserted: the parameters whose scale is that of what it adds.
  public var outputScalingParameters: [Parameter] {
    AdapterSite.allCases.flatMap { adapters[$0]?.outputScalingParameters ?? [] }
      + attention.lowRankUpdates.map(\.up)
  }

  var isTrainable: Bool { (parameters + adapterParameters).contains(where: \.isTrainable) }

  /// What the way back needs. Where nothing trained reads them, what enters dense layers is not kept: a frozen
  /// layer's input gradient needs its weights alone (about half of what a layer of an adapted tower would
  /// keep).
  struct Saved {
    let attention: SelfAttentionBlock.Saved
    /// nil without that norm.
    let attentionNorm: LayerNorm.Saved?
    let feedForward: FeedForwardBlock.Saved
    let feedForwardNorm: LayerNorm.Saved
    let adapters: [AdapterSite: AdapterActivations]
    /// Which rows left the layer; nil: all.
    var rows: [Int]?
    /// The branches before their factors; nil without a trained layer scale.
    var attentionBranch: Matrix?
    var feedForwardBranch: Matrix?
    var dropout: LayerDropout?
  }

  /// x [rows, width] into y [rows, width], or into y [outputs.count, width] when only these rows are
  /// read. Temporary memory is given back, but for what the way back reads when `saving`. Dropout comes behind each branch's last
  /// dense layer, before BERT's adapter.
  func forward(
    _ x: Matrix, _ layout: SequenceLayout, reading outputs: [Int]? = nil,
    dropout: LayerDropout? = nil, into y: Matrix, in workspace: Workspace, saving: Bool
  ) -> Saved? {
    let (mark, passing) = (workspace.mark(), workspace.passing.mark())
    defer {
      workspace.passing.release(to: passing)
      if !saving { workspace.release(to: mark) }
    }
    var saved: Saved?
    switch arrangement {
    case .postNorm: saved = forwardPostNorm(x, layout, outputs, dropout, y, workspace, saving)
    case .preNorm: saved = forwardPreNorm(x, layout, outputs, dropout, y, workspace, saving)
    }
    saved?.dropout = dropout
    return saved
  }

  /// The rows of x that are read; x itself when all are.
  private func read(_ x: Matrix, _ outputs: [Int]?, _ workspace: Workspace) -> Matrix {
    guard let outputs else { return x }
    let y = workspace.passing.take(outputs.count, x.columns)
    x.gather(rows: outputs, into: y)
    return y
  }

  private func adapt(
    _ site: AdapterSite, _ x: Matrix, into room: Workspace, _ workspace: Workspace, _ saving: Bool,
    _ kept: inout [AdapterSite: AdapterActivations]
  ) -> Matrix {
    guard let adapter = adapters[site] else { return x }
    let y = room.take(x.rows, x.columns)
    kept[site] = adapter.forward(x, into: y, in: workspace, saving: saving)
    return y
  }

  private func forwardPostNorm(
    _ x: Matrix, _ layout: SequenceLayout, _ outputs: [Int]?, _ dropout: LayerDropout?,
    _ y: Matrix, _ workspace: Workspace, _ saving: Bool
  ) -> Saved? {
    var kept: [AdapterSite: AdapterActivations] = [:]
    func room(kept: Bool) -> Matrix { workspace.room(kept: kept).take(y.rows, y.columns) }
    let branch = room(kept: adapters[.attention] != nil)
    let savedAttention = attention.forward(
      x, layout, reading: outputs, dropout: dropout?.attentionWeights(), into: branch,
      in: workspace, saving: saving)
    dropout?.hidden(.attentionOutput, rows: outputs)?.apply(to: branch)
    let sum = workspace.take(y.rows, y.columns)
    Elementwise.sum(
      adapt(.attention, branch, into: workspace.passing, workspace, saving, &kept),
      read(x, outputs, workspace), into: sum)
    let middle = room(kept: feedForward.needsInput)
    let savedNorm = attentionNorm?.forward(sum, into: middle, in: workspace)

    let second = room(kept: adapters[.feedForward] != nil)
    let savedFeedForward = feedForward.forward(
      middle, into: second, in: workspace, saving: saving)
    dropout?.hidden(.feedForwardOutput, rows: outputs)?.apply(to: second)
    let total = workspace.take(y.rows, y.columns)
    Elementwise.sum(
      adapt(.feedForward, second, into: workspace.passing, workspace, saving, &kept), middle,
      into: total)
    let savedLast = feedForwardNorm.forward(total, into: y, in: workspace)
    return savedAttention.map {
      Saved(
        attention: $0, attentionNorm: savedNorm, feedForward: savedFeedForward,
        feedForwardNorm: savedLast, adapters: kept, rows: outputs)
    }
  }

  private func forwardPreNorm(
    _ x: Matrix, _ layout: SequenceLayout, _ outputs: [Int]?, _ dropout: LayerDropout?,
    _ y: Matrix, _ workspace: Workspace, _ saving: Bool
  ) -> Saved? {
    var kept: [AdapterSite: AdapterActivations] = [:]
    let mark = workspace.passing.mark()
    // Before a norm the way back computes it again: an adapter costs less time than its output memory.
    let adapted = adapt(
      .attention, x,
      into: workspace.room(kept: attentionNorm == nil && attention.needsInput), workspace, saving,
      &kept)
    let normal =
      attentionNorm == nil
      ? adapted : workspace.room(kept: attention.needsInput).take(x.rows, x.columns)
    let savedNorm = attentionNorm?.forward(adapted, into: normal, in: workspace)
    let middle = workspace.take(y.rows, y.columns)
    let savedAttention = attention.forward(
      normal, layout, reading: outputs, dropout: dropout?.attentionWeights(), into: middle,
      in: workspace, saving: saving)
    dropout?.hidden(.attentionOutput, rows: outputs)?.apply(to: middle)
    let attentionBranch = scale(attentionScale, middle, workspace, saving)
    Elementwise.add(read(x, outputs, workspace), to: middle)
    workspace.passing.release(to: mark)

    let second = workspace.room(kept: feedForward.needsInput).take(y.rows, y.columns)
    let savedSecond = feedForwardNorm.forward(
      adapt(.feedForward, middle, into: workspace.passing, workspace, saving, &kept),
      into: second, in: workspace)
    let savedFeedForward = feedForward.forward(
      second, dropout: dropout?.hidden(.feedForwardInner, rows: outputs), into: y, in: workspace,
      saving: saving)
    dropout?.hidden(.feedForwardOutput, rows: outputs)?.apply(to: y)
    let feedForwardBranch = scale(feedForwardScale, y, workspace, saving)
    Elementwise.add(middle, to: y)
    return savedAttention.map {
      Saved(
        attention: $0, attentionNorm: savedNorm, feedForward: savedFeedForward,
        feedForwardNorm: savedSecond, adapters: kept, rows: outputs,
        attentionBranch: attentionBranch, feedForwardBranch: feedForwardBranch)
    }
  }

  /// Multiplies a branch in place; returns what it was when the way back reads it.
  private func scale(
    _ scale: LayerScale?, _ branch: Matrix, _ workspace: Workspace, _ saving: Bool
  ) -> Matrix? {
    guard let scale else { return nil }
    let before =
      saving && scale.gamma.isTrainable ? workspace.take(branch.rows, branch.columns) : nil
    if let before { Elementwise.copy(branch, into: before) }
    scale.forward(branch, into: branch)
    return before
  }
}
