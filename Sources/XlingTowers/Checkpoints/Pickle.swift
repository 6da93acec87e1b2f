/// What a pickle can become here: numbers, text, plain containers and tensors. Containers live in a
/// table of their own and are named by their place in it: values never own one another, so neither
/// cycles nor deep nesting can exhaust memory or stack.
struct Pickle {
  enum Value: Equatable {
    case none
    case bool(Bool)
    case int(Int)
    /// A whole number beyond 64 bits, little-endian two's complement.
    case long([UInt8])
    case float(Double)
    case text(String)
    case bytes([UInt8])
    /// Places in ``Pickle/containers``.
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case tensor(Int)
    case storage(Int)
    /// A name that was allowed, not yet called.
    case global(String)
    /// An object of settings that stands beside the tensors; its content is not kept.
    case settings(String)
  }

  enum Container {
    case items([Value])
    case pairs([(key: Value, value: Value)])
    case tensor(Tensor)
    case storage(Storage)
  }

  /// A run of numbers in the checkpoint, by its key.
  struct Storage: Equatable {
    let key: String
    let type: ElementType
    let count: Int
  }

  /// A view of a storage; all counted in elements.
  struct Tensor: Equatable {
    let storage: Storage
    let offset: Int
    let shape: [Int]
    let strides: [Int]
  }

  let root: Value
  let containers: [Container]
  /// Bytes read, the final STOP included.
  let length: Int

  /// Items of a tuple or list.
  func items(_ value: Value) -> [Value]? {
    switch value {
    case .tuple(let place), .list(let place):
      guard case .items(let items) = containers[place] else { return nil }
      return items
    default: return nil
    }
  }

  /// A dictionary's entries under text keys, in their order; nil for anything else.
  func entries(_ value: Value) -> [(name: String, value: Value)]? {
    guard case .dictionary(let place) = value, case .pairs(let pairs) = containers[place] else {
      return nil
    }
    return pairs.compactMap { pair in
      guard case .text(let name) = pair.key else { return nil }
      return (name, pair.value)
    }
  }

  func tensor(_ value: Value) -> Tensor? {
    guard case .tensor(let place) = value, case .tensor(let tensor) = containers[place] else {
      return nil
    }
    return tensor
  }
}
