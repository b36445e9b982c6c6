using System.Buffers.Text;
using System.Text;

namespace PipelineBackup.Ese;

/// <summary>Puts lines together in a buffer and hands them to a stream in large pieces.</summary>
/// <param name="output">The stream.</param>
/// <param name="capacity">Room at the start; it grows as it has to.</param>
internal sealed class DumpLines(Stream output, int capacity = DumpLines.FlushBytes + 4096)
{
    private const int FlushBytes = 64 * 1024;

    private byte[] _buffer = new byte[capacity];
    private int _used, _line;

    /// <summary>Bytes handed to the stream.</summary>
    public long Written { get; private set; }

    /// <summary>The line under way, without a line feed.</summary>
    public ReadOnlySpan<byte> Line => _buffer.AsSpan(_line, _used - _line);

    /// <summary>Adds bytes as they are.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    /// <summary>Adds bytes in hexadecimal between quotation marks.</summary>
    public void AddHex(ReadOnlySpan<byte> bytes)
    {
        Reserve(2 * bytes.Length + 2);
        _buffer[_used++] = (byte)'"';
        Convert.TryToHexStringLower(bytes, _buffer.AsSpan(_used), out int written);
        _used += written;
        _buffer[_used++] = (byte)'"';
    }

    /// <summary>Adds a number.</summary>
    public void AddNumber(long value)
    {
        Reserve(32);
        Utf8Formatter.TryFormat(value, _buffer.AsSpan(_used), out int written);
        _used += written;
    }

    /// <summary>Adds a string between quotation marks, escaped as far as JSON asks for it and no further.</summary>
    public void AddText(string text)
    {
        Add("\""u8);
        foreach (var rune in text.EnumerateRunes())
            AddRune(rune);
        Add("\""u8);
    }

    /// <summary>Ends the line.</summary>
    public void End()
    {
        Add("\n"u8);
        _line = _used;
        if (_used >= FlushBytes)
            Flush();
    }

    /// <summary>Hands all whole lines to the stream.</summary>
    public void Flush()
    {
        output.Write(_buffer, 0, _line);
        Written += _line;
        Line.CopyTo(_buffer);
        _used -= _line;
        _line = 0;
    }

    private void AddRune(Rune rune)
    {
        Reserve(8);
        switch (rune.Value)
        {
            case '"':
                Add("\\\""u8);
                break;
            case '\\':
                Add("\\\\"u8);
                break;
            case '\b':
                Add("\\b"u8);
                break;
            case '\f':
                Add("\\f"u8);
                break;
            case '\n':
                Add("\\n"u8);
                break;
            case '\r':
                Add("\\r"u8);
                break;
            case '\t':
                Add("\\t"u8);
                break;
            case < ' ':
                Add("\\u00"u8);
                Convert.TryToHexStringLower([(byte)rune.Value], _buffer.AsSpan(_used), out int written);
                _used += written;
                break;
            default:
                _used += rune.EncodeToUtf8(_buffer.AsSpan(_used));
                break;
        }
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length - _used < bytes)
            Array.Resize(ref _buffer, Math.Max(_used + bytes, (int)Math.Min(2L * _buffer.Length, Array.MaxLength)));
    }
}
