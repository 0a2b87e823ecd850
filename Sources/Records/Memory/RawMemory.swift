import Glibc

/// Memory of plain values from C's allocator, which lets large pieces grow by moving their pages instead of their bytes:
/// a copy would touch, and so bring in, as many new pages again.
///
/// Values of at most 16 bytes' alignment, which is what `malloc` keeps.
enum RawMemory {
  /// - Parameter count: in elements.
  static func allocate<Element: BitwiseCopyable>(_ count: Int) -> UnsafeMutablePointer<Element> {
    bind(malloc(bytes(count, of: Element.self)), count)
  }

  /// Keeps what stands there, as much of it as there is room for.
  static func resize<Element: BitwiseCopyable>(
    _ memory: UnsafeMutablePointer<Element>, to count: Int
  ) -> UnsafeMutablePointer<Element> {
    bind(realloc(memory, bytes(count, of: Element.self)), count)
  }

  private static func bytes<Element>(_ count: Int, of element: Element.Type) -> Int {
    precondition(MemoryLayout<Element>.alignment <= 16, "malloc does not align so widely")
    return max(count * MemoryLayout<Element>.stride, 1)
  }

  private static func bind<Element>(_ memory: UnsafeMutableRawPointer?, _ count: Int) -> UnsafeMutablePointer<Element> {
    guard let memory else { fatalError("the system gives no memory for \(count) values more") }
    return memory.bindMemory(to: Element.self, capacity: count)
  }
}
