using System.Buffers.Binary;
using System.Text;

namespace PipelineBackup.Ese;

/// <summary>One entry of the list of attached databases in a log header or checkpoint ("ATTACHINFO").</summary>
/// <remarks>
/// <code>
/// off size
///   0    1  slot ("dbid"), 1–6; 0 ends the list
///   1    1  flags: 0x20 the name is UTF-16, 0x40 sparse files allowed
///   2    2  length of the name, its ending zero included
///   4    8  last dbtime known
///  12    4  last object id
///  16    4  most pages, 0 = no limit
///  20    8  position of the record that attached it
///  28    8  position it was consistent at before that
///  36   28  signature of the database
///  64    …  name
/// </code>
/// Entries stand back to back; what stands behind the end of the list is left over from a longer one.
/// </remarks>
public readonly struct AttachedDatabase
{
    /// <summary>Length of the list in a header, in bytes.</summary>
    public const int ListSize = 2048;

    private const int FixedBytes = 64;
    private readonly ReadOnlyMemory<byte> _bytes;

    private AttachedDatabase(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>The database's slot in log records, 1 to 6 in files of the engine.</summary>
    public int Slot => _bytes.Span[0];

    /// <summary>The flags as stored.</summary>
    public byte Flags => _bytes.Span[1];

    /// <summary>Last dbtime known when the list was made.</summary>
    public DbTime DbTime => new(BinaryPrimitives.ReadUInt64LittleEndian(_bytes.Span[4..]));

    /// <summary>Last object id known when the list was made.</summary>
    public ObjectId LastObject => new(BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Span[12..]));

    /// <summary>The most pages it may have; 0 is no limit.</summary>
    public PageCount MaxPages => new(BinaryPrimitives.ReadUInt32LittleEndian(_bytes.Span[16..]));

    /// <summary>Position of the record that attached or created it.</summary>
    public LogPosition Attached => LogPosition.Read(_bytes.Span[20..]);

    /// <summary>Where it was consistent before that; not set for a new database or one of another stream.</summary>
    public LogPosition Consistent => LogPosition.Read(_bytes.Span[28..]);

    /// <summary>The database's identity.</summary>
    public Signature Signature => Signature.Read(_bytes.Span[36..]);

    /// <summary>The path as its engine knew it.</summary>
    public string Path
    {
        get
        {
            var name = _bytes.Span[FixedBytes..];
            if ((Flags & 0x20) != 0)
            {
                string text = Encoding.Unicode.GetString(name[..(name.Length & ~1)]);
                int zero = text.IndexOf('\0', StringComparison.Ordinal);
                return zero < 0 ? text : text[..zero];
            }

            int end = name.IndexOf((byte)0);
            return Encoding.Latin1.GetString(end < 0 ? name : name[..end]);
        }
    }

    /// <summary>Makes an entry.</summary>
    /// <param name="slot">The database's slot in log records, 1 to 6.</param>
    /// <param name="isSparse">Whether the file may be sparse.</param>
    /// <param name="dbTime">Last dbtime known.</param>
    /// <param name="lastObject">Last object id known.</param>
    /// <param name="maxPages">The most pages it may have; 0 is no limit.</param>
    /// <param name="attached">Position of the record that attached or created it.</param>
    /// <param name="consistent">Where it was consistent before that.</param>
    /// <param name="signature">Its identity.</param>
    /// <param name="path">The path as the log knows it.</param>
    /// <exception cref="ArgumentException">The path is too long for a list.</exception>
    internal static AttachedDatabase Create(
        byte slot, bool isSparse, DbTime dbTime, ObjectId lastObject, PageCount maxPages, LogPosition attached,
        LogPosition consistent, Signature signature, string path)
    {
        byte[] name = Encoding.Unicode.GetBytes(path + '\0');
        if (FixedBytes + name.Length >= ListSize)
            throw new ArgumentException("a path is too long for a list of attached databases", nameof(path));
        byte[] bytes = new byte[FixedBytes + name.Length];
        var to = bytes.AsSpan();
        to[0] = slot;
        to[1] = (byte)(isSparse ? 0x60 : 0x20);
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], (ushort)name.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(to[4..], dbTime.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(to[12..], lastObject.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(to[16..], (uint)maxPages.Value);
        attached.Write(to[20..]);
        consistent.Write(to[28..]);
        signature.Write(to[36..]);
        name.CopyTo(to[FixedBytes..]);
        return new(bytes);
    }

    /// <summary>Writes a list.</summary>
    /// <param name="entries">Its entries.</param>
    /// <param name="destination">Takes the list, <see cref="ListSize"/> bytes, zero behind the last entry.</param>
    /// <exception cref="ArgumentException">They do not fit.</exception>
    internal static void WriteList(IEnumerable<AttachedDatabase> entries, Span<byte> destination)
    {
        var rest = destination[..ListSize];
        rest.Clear();
        foreach (var entry in entries)
        {
            // A zero must end the list.
            if (entry._bytes.Length >= rest.Length)
                throw new ArgumentException("the list of attached databases is too long", nameof(entries));
            entry._bytes.Span.CopyTo(rest);
            rest = rest[entry._bytes.Length..];
        }
    }

    /// <summary>Bytes taken by the entries of a list; -1 when an entry runs over the end of the list.</summary>
    /// <param name="list">The stored list.</param>
    internal static int Measure(ReadOnlySpan<byte> list)
    {
        int at = 0;
        while (at < list.Length && list[at] != 0)
        {
            if (list.Length - at < FixedBytes)
                return -1;
            at += FixedBytes + BinaryPrimitives.ReadUInt16LittleEndian(list[(at + 2)..]);
        }

        return at > list.Length ? -1 : at;
    }

    /// <summary>The entries of a list that <see cref="Measure"/> accepted.</summary>
    /// <param name="entries">The bytes of the entries.</param>
    internal static IReadOnlyList<AttachedDatabase> ReadList(ReadOnlyMemory<byte> entries)
    {
        var list = new List<AttachedDatabase>();
        while (!entries.IsEmpty)
        {
            int length = FixedBytes + BinaryPrimitives.ReadUInt16LittleEndian(entries.Span[2..]);
            list.Add(new(entries[..length]));
            entries = entries[length..];
        }

        return list;
    }
}
