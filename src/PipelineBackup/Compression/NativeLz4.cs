using System.Reflection;
using System.Runtime.InteropServices;

namespace PipelineBackup.Compression;

/// <summary>The system's LZ4 library, where one is installed.</summary>
/// <remarks>
/// Its block functions keep their 16 KiB table on the caller's stack, so threads share nothing. A state kept for each
/// thread would save clearing that table, under a thousandth of the time of a 1 MiB block: not worth a handle to look
/// after.
/// </remarks>
internal sealed partial class NativeLz4 : Lz4Codec
{
    private const string Library = "lz4";
    private const DllImportSearchPath SearchPath =
        DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories;

    // Debian and its like install the plain "liblz4.so" only with the headers; Homebrew's folder is not searched by
    // itself.
    private static readonly string[] s_names =
        OperatingSystem.IsWindows() ? ["liblz4.dll", "lz4.dll", "msys-lz4-1.dll"]
        : OperatingSystem.IsMacOS()
            ? ["liblz4.1.dylib", "/opt/homebrew/lib/liblz4.1.dylib", "/usr/local/lib/liblz4.1.dylib", "liblz4.dylib"]
        : ["liblz4.so.1", "liblz4.so"];

    private static readonly string[] s_exports =
        [nameof(LZ4_versionString), nameof(LZ4_compress_default), nameof(LZ4_decompress_safe)];

    private NativeLz4() => Name = "liblz4 " + Marshal.PtrToStringUTF8(LZ4_versionString());

    /// <summary>The library; null where it is absent.</summary>
    public static NativeLz4? Instance { get; } = Load();

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>Loads the first library among some names that has what is needed.</summary>
    /// <returns>Its handle; 0 when there is none.</returns>
    internal static nint Probe(ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (!NativeLibrary.TryLoad(name, typeof(NativeLz4).Assembly, SearchPath, out nint handle))
                continue;
            if (Array.TrueForAll(s_exports, export => NativeLibrary.TryGetExport(handle, export, out _)))
                return handle;
            NativeLibrary.Free(handle);
        }

        return 0;
    }

    /// <inheritdoc/>
    protected override unsafe int CompressBlock(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* from = source, to = destination)
            return LZ4_compress_default(from, to, source.Length, destination.Length);
    }

    /// <inheritdoc/>
    protected override unsafe int DecompressBlock(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* from = source, to = destination)
            return LZ4_decompress_safe(from, to, source.Length, destination.Length);
    }

    private static NativeLz4? Load()
    {
        nint handle = Probe(s_names);
        if (handle == 0)
            return null;

        // An assembly has one resolver; this one leaves every other library to the runtime.
        NativeLibrary.SetDllImportResolver(typeof(NativeLz4).Assembly, (name, _, _) => name == Library ? handle : 0);
        return new NativeLz4();
    }

    [LibraryImport(Library)]
    private static partial nint LZ4_versionString();

    [LibraryImport(Library)]
    private static unsafe partial int LZ4_compress_default(byte* source, byte* destination, int length, int capacity);

    [LibraryImport(Library)]
    private static unsafe partial int LZ4_decompress_safe(byte* source, byte* destination, int length, int capacity);
}
