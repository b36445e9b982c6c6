using System.Globalization;
using System.Text;

namespace PipelineBackup.Testing;

/// <summary>Finds the requests in what goes up a connection of HTTP/1.1, whatever their bodies hold.</summary>
/// <param name="found">Called for each, when its head is whole.</param>
internal sealed class RequestCounter(Action found)
{
    private const int LongestHead = 64 << 10;

    private readonly StringBuilder _line = new();
    private long _bodyLeft;
    private bool _isChunked;
    private State _state;
    private int _headLength;

    private enum State
    {
        Head,
        Body,
        ChunkLength,
        ChunkEnd,
        Trailer,
        Unknown,
    }

    /// <summary>Takes the next bytes.</summary>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0 && _state != State.Unknown)
        {
            if (_state == State.Body)
            {
                int part = (int)Math.Min(bytes.Length, _bodyLeft);
                bytes = bytes[part..];
                _bodyLeft -= part;
                if (_bodyLeft == 0)
                    _state = _isChunked ? State.ChunkEnd : State.Head;
                continue;
            }

            byte next = bytes[0];
            bytes = bytes[1..];
            if (next == '\n')
                EndLine();
            else if (next != '\r')
                _line.Append((char)next);
            if (++_headLength > LongestHead)
                _state = State.Unknown;
        }
    }

    private void EndLine()
    {
        string line = _line.ToString();
        _line.Clear();
        switch (_state)
        {
            case State.Head when line.Length > 0:
                TakeHeader(line);
                break;
            case State.Head:
                found();
                _headLength = 0;
                _state = _isChunked ? State.ChunkLength : _bodyLeft > 0 ? State.Body : State.Head;
                break;
            case State.ChunkLength:
                _headLength = 0;
                _bodyLeft = long.TryParse(line.Split(';')[0].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long length)
                    ? length : 0;
                _state = _bodyLeft > 0 ? State.Body : State.Trailer;
                break;
            case State.ChunkEnd:
                _state = State.ChunkLength;
                break;
            case State.Trailer when line.Length == 0:
                _isChunked = false;
                _state = State.Head;
                break;
        }
    }

    private void TakeHeader(string line)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return;
        var (name, value) = (line[..colon].Trim(), line[(colon + 1)..].Trim());
        if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            _ = long.TryParse(value, CultureInfo.InvariantCulture, out _bodyLeft);
        else if (name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            _isChunked = value.Contains("chunked", StringComparison.OrdinalIgnoreCase);
    }
}
