using System.Buffers.Binary;
using System.Text;

namespace PipelineBackup.Ese;

/// <summary>A row of MSysObjids: which table an object belongs to.</summary>
/// <param name="Id">The object.</param>
/// <param name="Table">Its table; of a table itself.</param>
/// <param name="Kind">
/// What the object is: a table, an index or a tree of long values. A primary index has no row.
/// </param>
public sealed record ObjidRow(ObjectId Id, ObjectId Table, CatalogEntryKind Kind)
{
    /// <summary>Makes the row in a builder of MSysObjids.</summary>
    /// <param name="builder">The builder.</param>
    public void Build(RecordBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        Span<byte> number = stackalloc byte[4];
        builder.StartNew();
        BinaryPrimitives.WriteUInt32LittleEndian(number, Id.Value);
        builder.Set(0, number);
        BinaryPrimitives.WriteUInt32LittleEndian(number, Table.Value);
        builder.Set(1, number);
        BinaryPrimitives.WriteUInt16LittleEndian(number, (ushort)Kind);
        builder.Set(2, number[..2]);
    }
}

/// <summary>A row of MSysLocales, a table of keys and values.</summary>
/// <param name="Kind">1: a version of the table itself; 2: the engine's.</param>
/// <param name="Value">The value ("iValue").</param>
/// <param name="Key">The key; stored in UTF-16 with a NUL behind it.</param>
public sealed record LocaleRow(byte Kind, int Value, string Key)
{
    /// <summary>The key as stored.</summary>
    public byte[] KeyBytes => Encoding.Unicode.GetBytes(Key + "\0");

    /// <summary>Makes the row in a builder of MSysLocales.</summary>
    /// <param name="builder">The builder.</param>
    public void Build(RecordBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.StartNew();
        for (int i = 0; i < builder.Columns.Count; i++)
        {
            switch (builder.Columns[i].Name)
            {
                case "Type":
                    builder.Set(i, [Kind]);
                    break;
                case "iValue":
                    builder.Set(i, BitConverter.GetBytes(Value));
                    break;
                case "Key":
                    builder.Set(i, KeyBytes);
                    break;
            }
        }
    }
}
