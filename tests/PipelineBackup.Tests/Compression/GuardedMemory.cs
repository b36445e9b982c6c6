using System.Runtime.InteropServices;

namespace PipelineBackup.Compression.Tests;

/// <summary>
/// Memory between two pages that nobody may touch: one byte read or written outside ends the process.
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int ReadWrite = 3;
    private readonly nuint _page = (nuint)Environment.SystemPageSize;
    private readonly nuint _room;
    private readonly byte* _memory;

    public GuardedMemory(int room)
    {
        _room = ((nuint)room + _page - 1) / _page * _page;
        _memory = (byte*)NativeMemory.AlignedAlloc(_room + 2 * _page, _page);
        if (Protect(_memory, _page, 0) != 0 || Protect(_memory + _page + _room, _page, 0) != 0)
            throw new InvalidOperationException("the system did not protect the pages");
    }

    /// <summary>Whether this system has the call that protects pages.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    /// <summary>Some bytes that start right after the lower guard.</summary>
    public Span<byte> First(int length) => new(_memory + _page, length);

    /// <summary>Some bytes that end right before the upper guard.</summary>
    public Span<byte> Last(int length) => new(_memory + _page + _room - length, length);

    public void Dispose()
    {
        _ = Protect(_memory, _page, ReadWrite);
        _ = Protect(_memory + _page + _room, _page, ReadWrite);
        NativeMemory.AlignedFree(_memory);
    }

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(byte* address, nuint length, int protection);
}
