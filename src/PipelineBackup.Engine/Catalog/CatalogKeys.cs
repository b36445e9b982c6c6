using System.Buffers.Binary;

namespace PipelineBackup.Engine;

/// <summary>Keys of the catalog's rows: table, kind and id, each as an index has it.</summary>
internal static class CatalogKeys
{
    private const byte Value = 0x7F;
    private const uint Sign = 0x80000000;
    private const ushort ShortSign = 0x8000;

    /// <summary>How the keys of all rows of a table begin.</summary>
    /// <param name="table">The table.</param>
    public static byte[] Of(ObjectId table)
    {
        byte[] key = new byte[5];
        Write(key, table.Value);
        return key;
    }

    /// <summary>The key of a row.</summary>
    /// <param name="table">The table.</param>
    /// <param name="kind">What the row defines.</param>
    /// <param name="id">Id of the object; of a column its number.</param>
    public static byte[] Of(ObjectId table, CatalogEntryKind kind, uint id)
    {
        byte[] key = new byte[13];
        Write(key, table.Value);
        key[5] = Value;
        BinaryPrimitives.WriteUInt16BigEndian(key.AsSpan(6), (ushort)((ushort)kind ^ ShortSign));
        Write(key.AsSpan(8), id);
        return key;
    }

    /// <summary>The key of a row of the list of objects.</summary>
    /// <param name="id">The object.</param>
    public static byte[] OfObject(ObjectId id) => Of(id);

    private static void Write(Span<byte> key, uint number)
    {
        key[0] = Value;
        BinaryPrimitives.WriteUInt32BigEndian(key[1..], number ^ Sign);
    }
}
