using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PipelineBackup.Ese;

/// <summary>A register seen as 64-bit lanes in memory order.</summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
internal interface ILanes<TSelf>
    where TSelf : struct, ILanes<TSelf>
{
    /// <summary>Width in bytes, a power of two from 8 to 64.</summary>
    static abstract int Bytes { get; }

    /// <summary>Reads a register from memory, wherever it lies.</summary>
    static abstract TSelf Load(ref byte source);

    /// <summary>Bitwise exclusive or.</summary>
    static abstract TSelf operator ^(TSelf a, TSelf b);

    /// <summary>XOR of all lanes.</summary>
    ulong Fold();

    /// <summary>XOR of the indices of all lanes with an odd number of set bits.</summary>
    uint LaneIndices();
}

/// <summary>
/// One 64-bit word: what runs where there are no vector registers, and what the wider ones are tested against.
/// </summary>
internal readonly struct Lanes64(ulong value) : ILanes<Lanes64>
{
    private readonly ulong _value = value;

    public static int Bytes => 8;

    public static Lanes64 Load(ref byte source)
    {
        ulong value = Unsafe.ReadUnaligned<ulong>(ref source);
        return new(BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value));
    }

    public static Lanes64 operator ^(Lanes64 a, Lanes64 b) => new(a._value ^ b._value);

    public ulong Fold() => _value;

    public uint LaneIndices() => 0;
}

/// <summary>Two lanes.</summary>
internal readonly struct Lanes128(Vector128<ulong> value) : ILanes<Lanes128>
{
    private readonly Vector128<ulong> _value = value;

    public static int Bytes => 16;

    public static Lanes128 Load(ref byte source) => new(Unsafe.ReadUnaligned<Vector128<ulong>>(ref source));

    public static Lanes128 operator ^(Lanes128 a, Lanes128 b) => new(a._value ^ b._value);

    public ulong Fold() => _value[0] ^ _value[1];

    public uint LaneIndices() => (uint)BitOperations.PopCount(_value[1]) & 1;
}

/// <summary>Four lanes.</summary>
internal readonly struct Lanes256(Vector256<ulong> value) : ILanes<Lanes256>
{
    private readonly Vector256<ulong> _value = value;

    public static int Bytes => 32;

    private Lanes128 Halves => new(_value.GetLower() ^ _value.GetUpper());

    public static Lanes256 Load(ref byte source) => new(Unsafe.ReadUnaligned<Vector256<ulong>>(ref source));

    public static Lanes256 operator ^(Lanes256 a, Lanes256 b) => new(a._value ^ b._value);

    public ulong Fold() => Halves.Fold();

    public uint LaneIndices() =>
        Halves.LaneIndices() | ((uint)BitOperations.PopCount(new Lanes128(_value.GetUpper()).Fold()) & 1) << 1;
}

/// <summary>Eight lanes.</summary>
internal readonly struct Lanes512(Vector512<ulong> value) : ILanes<Lanes512>
{
    private readonly Vector512<ulong> _value = value;

    public static int Bytes => 64;

    private Lanes256 Halves => new(_value.GetLower() ^ _value.GetUpper());

    public static Lanes512 Load(ref byte source) => new(Unsafe.ReadUnaligned<Vector512<ulong>>(ref source));

    public static Lanes512 operator ^(Lanes512 a, Lanes512 b) => new(a._value ^ b._value);

    public ulong Fold() => Halves.Fold();

    public uint LaneIndices() =>
        Halves.LaneIndices() | ((uint)BitOperations.PopCount(new Lanes256(_value.GetUpper()).Fold()) & 1) << 2;
}
