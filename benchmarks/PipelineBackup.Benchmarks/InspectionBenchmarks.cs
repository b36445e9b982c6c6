using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using PipelineBackup.Ese;

namespace PipelineBackup.Benchmarks;

/// <summary>
/// Inspects a run of pages on one core: the run divided by the mean is the rate, so with 16 MiB 1 ms is 16.8 GB/s. The
/// default run is larger than a core's own caches, as the pages of a backup are; <see cref="InCache"/> is what the same
/// costs right after reading. Pages are full leaves of records of about a hundred bytes.
/// </summary>
public class InspectionBenchmarks
{
    private const int RunBytes = 16 << 20, CachedBytes = 256 << 10;

    private byte[] _pages = [];

    /// <summary>Page size in bytes.</summary>
    [Params(4096, 8192, 16384, 32768)]
    public int PageBytes { get; set; }

    /// <summary>How much is looked at.</summary>
    [Params(InspectionDepth.Checksum, InspectionDepth.Basic, InspectionDepth.Full)]
    public InspectionDepth Depth { get; set; }

    [GlobalSetup]
    public void MakePages()
    {
        var random = new Random(1);
        _pages = new byte[RunBytes];
        for (int i = 0; i < _pages.Length / PageBytes; i++)
            MakeLeaf(_pages.AsSpan(i * PageBytes, PageBytes), new((uint)i + 1), random);
        if (InspectRun(RunBytes) != 0)
            throw new InvalidOperationException("the pages made for the benchmark are not sound");
    }

    /// <summary>16 MiB.</summary>
    [Benchmark]
    public int FromMemory() => InspectRun(RunBytes);

    /// <summary>256 KiB, over and over.</summary>
    [Benchmark]
    public int InCache() => InspectRun(CachedBytes);

    private int InspectRun(int bytes)
    {
        int bad = 0;
        for (int start = 0; start < bytes; start += PageBytes)
        {
            var number = new PageNumber((uint)(start / PageBytes) + 1);
            var verdict = PageInspector.Inspect(_pages.AsSpan(start, PageBytes), number, FlushType.Rock, Depth);
            bad += verdict.IsAcceptable ? 0 : 1;
        }

        return bad;
    }

    /// <summary>A leaf whose nodes borrow half of their keys, as records of a table do.</summary>
    private static void MakeLeaf(Span<byte> page, PageNumber number, Random random)
    {
        const int PrefixBytes = 8, SuffixBytes = 4, LineBytes = 100;
        int header = PageSize.Of(page.Length).HeaderBytes;
        int lines = (page.Length - header - PrefixBytes - PageView.TagBytes) / (LineBytes + PageView.TagBytes);
        random.NextBytes(page[header..]);
        page[..header].Clear();
        Tag(page, 0, 0, PrefixBytes, 0);
        for (int i = 0; i < lines; i++)
        {
            int at = PrefixBytes + i * LineBytes;
            var line = page[(header + at)..];
            BinaryPrimitives.WriteUInt16LittleEndian(line, PrefixBytes | 4 << 13);
            BinaryPrimitives.WriteUInt16LittleEndian(line[2..], SuffixBytes);
            BinaryPrimitives.WriteInt32BigEndian(line[4..], i * 3);
            if (page.Length <= 8192)
                line[1] = 0;
            Tag(page, i + 1, at, LineBytes, page.Length <= 8192 ? 4 << 13 : 0);
        }

        int used = PrefixBytes + lines * LineBytes, free = page.Length - header - used - 4 * (lines + 1);
        BinaryPrimitives.WriteUInt64LittleEndian(page[8..], 0x1000 + number.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(page[24..], 7);
        BinaryPrimitives.WriteUInt16LittleEndian(page[28..], (ushort)free);
        BinaryPrimitives.WriteUInt16LittleEndian(page[32..], (ushort)used);
        BinaryPrimitives.WriteUInt16LittleEndian(page[34..], (ushort)(lines + 1 | 1 << 12));
        var flags = PageFlags.Leaf | PageFlags.NewRecordFormat | PageFlags.EccChecksum;
        BinaryPrimitives.WriteUInt32LittleEndian(page[36..], (uint)flags | (uint)FlushType.Rock << 15);
        if (page.Length > 8192)
            BinaryPrimitives.WriteUInt32LittleEndian(page[64..], number.Value);
        PageChecksum.Write(page, number);
    }

    private static void Tag(Span<byte> page, int index, int offset, int length, int flags)
    {
        var tag = page[^(PageView.TagBytes * (index + 1))..];
        BinaryPrimitives.WriteUInt16LittleEndian(tag, (ushort)length);
        BinaryPrimitives.WriteUInt16LittleEndian(tag[2..], (ushort)(offset | flags));
    }
}
