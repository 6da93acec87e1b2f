import CKernels
import XlingCore

/// Where each sequence of a batch lies: rows lie one after another, without padding.
public struct SequenceLayout {
  /// Sequence s has the rows offsets[s]..<offsets[s + 1]. [sequences + 1]
  public let offsets: [Int32]
  /// One byte a row; rows of 0 are attended to by no row of their sequence. nil: no such rows,
  /// which is how everything but input padded elsewhere comes.
  public let keep: [UInt8]?

  /// `keep`, when given, has one byte for each row of all sequences.
  public init(lengths: [Int], keep: [UInt8]? = nil) {
    var offsets: [Int32] = [0]
    offsets.reserveCapacity(lengths.count + 1)
    for length in lengths { offsets.append(offsets.last! + Int32(length)) }
    precondition(keep == nil || keep?.count == Int(offsets.last!), "a byte for each row")
    self.offsets = offsets
    self.keep = keep
  }

  public var sequences: Int { offsets.count - 1 }
  public var rows: Int { Int(offsets.last!) }
  public func length(_ sequence: Int) -> Int { Int(offsets[sequence + 1] - offsets[sequence]) }
}

/// Scaled dot-product attention of every head of every sequence (Vaswani et al. 2017, eq. 1).
public struct Attention {
  public let heads: Int
  /// Width of one head.
  public let size: Int
  /// What the products of queries and keys are multiplied by.
  public let scale: Float

  /// `scale` is 1 / sqrt(size) unless given.
  public init(heads: Int, size: Int, scale: Float? = nil) {
    self.heads = heads
    self.size = size
    self.scale = scale ?? 1 / Float(size).squareRoot()
  }

  /// Numbers added to the scores by head and by how far the key lies behind the query.
  public struct Bias {
    /// [heads, 2 * reach + 1]; the middle column is the query's own place.
    public let values: Matrix
    /// At least the longest sequence less one.
    public var reach: Int { values.columns / 2 }

    public init(_ values: Matrix) {
      precondition(values.isContiguous && values.columns % 2 == 1)
      self.values = values
    }
  }

  /// `projected` into context [its queries' rows, heads * size]. `dropout` leaves some weights out. Nothing is
  /// kept: the way back computes the weights again.
  public func forward(
    _ projected: AttentionProjections, _ layout: SequenceLayout, bias: Bias? = nil,
    dropout: Dropout? = nil, into context: Matrix
  ) {
    check(bias, layout)
    precondition(
      dropout.map { $0.keys.count == layout.rows } ?? true
        && context.rows == projected.queries.rows && context.isContiguous)
    Parallel.ranges(layout.sequences, grain: grain(layout)) { range in
      let status = withInput(projected, layout, bias, bias?.reach ?? 0, dropout) {
        xk_attention($0, Int32(range.lowerBound), Int32(range.upperBound), context.pointer)
      }
      precondition(status == 0, "out of memory")
    }
  }

  /// The gradients of `projected` from dcontext [its queries' rows, heads * size] into `gradients`, which are as
  /// `projected` is; `layout`, `bias` and `dropout` are those of the way forward. `dBias`, when given, gets the bias's
  /// gradient of each sequence added, [sequences * heads, 2 * reach + 1]: apart, so that sums do not depend
  /// on threads.
  public func backward(
    _ projected: AttentionProjections, _ layout: SequenceLayout, bias: Bias? = nil,
    dropout: Dropout? = nil, dcontext: Matrix, into gradients: AttentionProjections,
    dBias: Matrix? = nil
  ) {
    check(bias, layout)
    if let dBias {
      precondition(dBias.rows == layout.sequences * heads)
      check(Bias(dBias), layout)
      precondition(bias.map { $0.reach == dBias.columns / 2 } ?? true, "one reach for both")
    }
    precondition(
      gradients.queries.rows == projected.queries.rows && dcontext.isContiguous
        && dcontext.rows == projected.queries.rows)
    let reach = bias?.reach ?? (dBias?.columns ?? 0) / 2
    Parallel.ranges(layout.sequences, grain: grain(layout)) { range in
      var out = xk_attention_gradients(
        queries: gradients.queries.pointer, keys: gradients.keys.pointer,
        values: gradients.values.pointer, query_stride: Int64(gradients.queries.stride),
        key_stride: Int64(gradients.keys.stride), bias: dBias?.pointer)
      let status = withInput(projected, layout, bias, reach, dropout) {
        xk_attention_backward(
          $0, Int32(range.lowerBound), Int32(range.upperBound), dcontext.pointer, &out)
      }
      precondition(status == 0, "out of memory")
    }
  }

  private func withInput(
    _ projected: AttentionProjections, _ layout: SequenceLayout, _ bias: Bias?, _ reach: Int,
    _ dropout: Dropout?, _ body: (UnsafePointer<xk_attention_input>) -> Int32
  ) -> Int32 {
    Self.withDraw(dropout) { draw in
      layout.offsets.withUnsafeBufferPointer { offsets in
        withPointer(layout.keep) { keep in
          withPointer(projected.read?.rows) { read in
            withPointer(projected.read?.offsets) { readOffsets in
              var input = xk_attention_input()
              input.queries = UnsafePointer(projected.queries.pointer)
              input.keys = UnsafePointer(projected.keys.pointer)
              input.values = UnsafePointer(projected.values.pointer)
              input.query_stride = Int64(projected.queries.stride)
              input.key_stride = Int64(projected.keys.stride)
              (input.offsets, input.keep) = (offsets.baseAddress, keep)
              (input.read, input.read_offsets) = (read, readOffsets)
              (input.heads, input.size, input.scale) = (Int32(heads), Int32(size), scale)
              (input.bias, input.reach) = (
                bias.map { UnsafePointer($0.values.pointer) }, Int64(reach)
              )
              input.draw = draw
              return body(&input)
            }
          }
        }
      }
    }
  }

  private func withPointer<Element>(
    _ array: [Element]?, _ body: (UnsafePointer<Element>?) -> Int32
  ) -> Int32 {
    guard let array else { return body(nil) }
    return array.withUnsafeBufferPointer { body($0.baseAddress) }
  }

  private static func withDraw(
    _ dropout: Dropout?, _ body: (UnsafePointer<xk_dropout_draw>?) -> Int32
  ) -> Int32 {
    guard let dropout else { return body(nil) }
    return dropout.withDraw { draw in withUnsafePointer(to: draw) { body($0) } }
  }

  private func check(_ bias: Bias?, _ layout: SequenceLayout) {
    guard let bias else { return }
    let longest = (0..<layout.sequences).map(layout.length).max() ?? 0
    precondition(longest <= bias.reach + 1, "a bias for every distance within a sequence")
  }

  /// At least 128 rows a range.
  private func grain(_ layout: SequenceLayout) -> Int {
    max(1, 128 * layout.sequences / max(layout.rows, 1))
  }
}
