using System.Buffers.Binary;

namespace PipelineBackup.Ese.Tests.Logs;

/// <summary>Writes small logs of version 7: a chain of checksum records over one stream of bytes.</summary>
internal sealed class LegacyLogWriter
{
    public const int Sectors = 40, FirstSector = 8;

    private readonly int _sector;
    private readonly byte[] _file;
    private readonly LogGeneration _generation = new(9);

    public LegacyLogWriter(int sector = 512)
    {
        _sector = sector;
        int headerSectors = LogHeader.Size / sector;
        _file = Pattern((Sectors + headerSectors) * sector);
        var header = _file.AsSpan(0, LogHeader.Size);
        LogCorpus.Vector("edb00005.log").AsSpan(0, LogHeader.Size).CopyTo(header);
        foreach (var (offset, value) in ((int, int)[])[(4, 9), (32, 7), (36, 3704), (40, 15), (648, 0)])
            BinaryPrimitives.WriteInt32LittleEndian(header[offset..], value);
        foreach (var (offset, value) in ((int, int)[])[(8, sector), (10, headerSectors), (12, Sectors + headerSectors)])
            BinaryPrimitives.WriteUInt16LittleEndian(header[offset..], (ushort)value);
        LogBytes.StampHeader(header);
    }

    public static byte[] Pattern(int length)
    {
        byte[] pattern = new byte[length];
        for (int i = 0; i < length; i++)
            pattern[i] = (byte)(i % 16 == 0 ? 0xDA + i % 512 : 0xDA);
        return pattern;
    }

    public byte[] File => _file;

    /// <summary>
    /// Puts a checksum record at an offset with bytes behind it. Past the sector the range is filled up to a sector's
    /// end with zeros; within it a shadow can be made.
    /// </summary>
    public int Put(int at, ReadOnlySpan<byte> records, bool isLast, int nextOffset = 0, bool coverBefore = true, bool shadow = false)
    {
        int sectorEnd = (at / _sector + 1) * _sector, end = at + LegacyLogChecksum.Size + records.Length;
        bool spans = end > sectorEnd;
        if (spans)
            end = (end + _sector - 1) / _sector * _sector;
        int clear = spans ? end : sectorEnd;
        _file.AsSpan(at + LegacyLogChecksum.Size, clear - at - LegacyLogChecksum.Size).Clear();
        records.CopyTo(_file.AsSpan(at + LegacyLogChecksum.Size));
        int back = coverBefore ? at % _sector : 0;
        int next = isLast ? 0 : (end + _sector - 1) / _sector * _sector + nextOffset;
        var record = new LegacyLogChecksum((uint)back, (uint)(end - at - LegacyLogChecksum.Size),
            isLast ? 0 : (uint)(next - at - LegacyLogChecksum.Size), 0, 0, (byte)(spans ? 0x9A : 0xD1));
        var before = _file.AsSpan(at - back, back);
        uint shortSum = spans ? record.ComputeShort(before, _file.AsSpan((at + LegacyLogChecksum.Size)..sectorEnd), _generation) : 0;
        Write(at, record with { Short = shortSum, Long = record.ComputeLong(before, _file.AsSpan((at + LegacyLogChecksum.Size)..end), _generation) });
        if (shadow)
        {
            int sector = at / _sector * _sector;
            _file.AsSpan(sector, _sector).CopyTo(_file.AsSpan(sector + _sector));
            BinaryPrimitives.WriteUInt32LittleEndian(_file.AsSpan(at + _sector + 13),
                BinaryPrimitives.ReadUInt32LittleEndian(_file.AsSpan(at + 13)) ^ LegacyLogChecksum.ShadowMask);
        }

        return next;
    }

    private void Write(int at, LegacyLogChecksum record)
    {
        _file[at] = LegacyLogChecksum.RecordType;
        uint[] words = [record.Backwards, record.Forwards, record.Next, record.Long, record.Short];
        for (int i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(_file.AsSpan(at + 1 + i * 4), words[i]);
        _file[at + 21] = record.Mark;
    }
}
