// swift-tools-version: 6.1
import PackageDescription

// A package of its own: building or testing xling never builds this.
let package = Package(
  name: "xling-benchmarks",
  targets: [.executableTarget(name: "xling-bench")],
  swiftLanguageModes: [.v6]
)
